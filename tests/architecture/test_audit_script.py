"""`.ci/audit.py`: what it makes of what pip-audit and npm say, and that nothing is called checked that was not."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / ".ci" / "audit.py"))


def python(*dependencies: dict[str, Any]) -> tuple[list[str], str]:
    found: tuple[list[str], str] = SCRIPT["of_python"](json.dumps({"dependencies": dependencies, "fixes": []}))
    return found


FINE = {"name": "flask", "version": "3.1.3", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "X-2", "fix_versions": []}],
}
SKIPPED = {"name": "mako", "skip_reason": "not found"}


def test_python_packages() -> None:
    assert python(FINE) == ([], "")
    bad, unchecked = python(FINE, BAD, SKIPPED)
    assert bad == ["jinja2 2.0: PYSEC-1, mended in 2.1", "jinja2 2.0: X-2, mended in no release yet"]
    assert "1 of 3 packages (mako …)" in unchecked


@pytest.mark.parametrize("report", ["", "Traceback", "{", "[]", "{}", '{"dependencies": []}'])
def test_no_answer_is_not_a_good_one(report: str) -> None:
    assert SCRIPT["of_python"](report) == ([], "pip-audit gave no answer")
    assert SCRIPT["of_npm"](report) == ([], "npm gave no answer")


def test_npm_packages() -> None:
    assert SCRIPT["of_npm"]('warn x\n{"vulnerabilities": {}}') == ([], "")
    assert SCRIPT["of_npm"]('{"vulnerabilities": {"lit": {"severity": "high"}}}') == (["lit: high"], "")
    assert SCRIPT["of_npm"]('{"message": "405 Method Not Allowed"}') == ([], "405 Method Not Allowed")


def test_whoever_silences_a_security_rule_says_why() -> None:
    silenced = re.compile(r"#.*noqa: (?:[A-Z0-9, ]*\bS\d+)(.*)")
    for folder in ("services", "shared", "cli", ".ci"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if found := silenced.search(line):
                    assert re.fullmatch(r" \(.{4,}\)", found[1]), f"{path.name}: {line.strip()}"
