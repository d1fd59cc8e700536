"""docs/security.md names code and tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:services|shared|cli|deploy|tests|web|docs)/[\w./-]+\.\w+)(?::(\w+))?`", DOCUMENT)))


def test_it_names_enough_of_both() -> None:
    assert sum(path.startswith("tests/") for path, _ in NAMED) > 30
    assert sum(not path.startswith("tests/") for path, _ in NAMED) > 20


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_it_names_is_there(path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert not name or re.search(rf"^def {name}\(", source, re.MULTILINE), f"{path} has no {name}"


def test_every_row_says_where_it_is_tried() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| ") and not line.startswith("| how |")]
    assert len(rows) > 30
    for row in rows:
        assert "`tests/" in row.split("|")[3], row
