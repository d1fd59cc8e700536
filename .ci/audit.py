"""Asks the registries whether anything that the hub installs is known to be vulnerable: Python's packages and npm's.

`make audit` and CI run it, with the Python of a virtual environment that pip-audit is installed in. Exit code 1: something is
vulnerable. Where a registry answers no such questions (a mirror, no network), it says so and that nothing was checked, with exit
code 0, or 3 under --strict.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_TIMEOUT_S = 300


def of_python(report: str) -> tuple[list[str], str]:
    """What pip-audit's JSON says: each vulnerability in a line, and why nothing was checked (empty when all was)."""
    found = _read(report).get("dependencies", [])
    if not found:
        return [], "pip-audit gave no answer"
    skipped = [one["name"] for one in found if "skip_reason" in one]
    bad = [
        f"{one['name']} {one['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no release yet'}"
        for one in found
        for known in one.get("vulns", [])
    ]
    if skipped:
        return (
            bad,
            f"the index knows nothing about {len(skipped)} of {len(found)} packages ({', '.join(skipped[:3])} …)",
        )
    return bad, ""


def of_npm(report: str) -> tuple[list[str], str]:
    """The same of npm's."""
    answer = _read(report)
    if "vulnerabilities" not in answer:
        return [], str(answer.get("message") or "npm gave no answer").partition("\n")[0]
    return [f"{name}: {one['severity']}" for name, one in sorted(answer["vulnerabilities"].items())], ""


def _read(report: str) -> dict[str, Any]:
    """The JSON object in a report, whatever stands before it."""
    try:
        found = json.loads(report[report.index("{") :])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _run(*command: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 (our own programs)
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout


def main() -> int:
    requirements = ("--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--progress-spinner", "off")
    parts = {
        "Python packages": of_python(
            _run(sys.executable, "-m", "pip_audit", *requirements, "--timeout", "15", "--format", "json")
        ),
        "npm packages": of_npm(_run("web/tools/npm.sh", "audit", "--json")),
    }
    code = 0
    for what, (bad, unchecked) in parts.items():
        for line in bad:
            print(f"VULNERABLE  {line}")
        if bad:
            code = 1
        elif unchecked:
            print(f"NOT CHECKED {what}: {unchecked}")
            code = code or (3 if "--strict" in sys.argv else 0)
        else:
            print(f"ok          {what}: nothing is known against any of them")
    return code


if __name__ == "__main__":
    sys.exit(main())
