"""What can drift is held to the code: codes, commands, modules that the documents name."""

import re
from pathlib import Path

import pytest

from cli import main
from shared import errors

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", errors.CATALOGUE)
def test_every_error_code_stands_in_the_table_with_its_status(code: str) -> None:
    rows = [row for row in read("docs/architecture.md").splitlines() if row.startswith("|") and f"`{code}`" in row]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].split("|")]
    (at,) = (number for number, cell in enumerate(cells) if f"`{code}`" in cell)
    assert cells[at + 1] == str(errors.CATALOGUE[code][0])


@pytest.mark.parametrize("name", sorted(main.commands.commands))
def test_every_command_is_described_for_operators_and_has_help_with_an_example(name: str) -> None:
    assert f"`message-hub {name}" in read("docs/operations.md")
    command = main.commands.commands[name]
    assert command.help
    assert f"message-hub {name}" in command.help


def test_the_test_command_of_the_readme_is_what_ci_runs() -> None:
    assert "\nmake test " in read("README.md")
    assert read(".ci/run").rstrip().endswith("make test")


def test_every_place_in_the_life_of_a_message_exists() -> None:
    named = re.findall(r"`((?:compose_api|fanout_worker|inbox_api)/[\w/]+\.py):?(\w+)?`", read("docs/architecture.md"))
    assert len(named) >= 7
    for path, name in named:
        source = read(f"services/{path}")
        assert not name or re.search(rf"^(def|class) {name}\b", source, re.MULTILINE), f"{path} has no {name}"


def test_links_between_documents_lead_somewhere() -> None:
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8")):
            page = document.parent / target if target else document
            assert page.exists(), f"{document.name} points to {target}"
            if anchor:
                assert anchor in anchors(page), f"{document.name} points to {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 60, page.name


def test_every_limit_names_a_setting_or_file_and_a_test_that_exist() -> None:
    table = read("docs/operations/limits.md")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    assert len(rows) > 10
    settings = read("docs/configuration.md")
    for what, _, _, where, tried in rows[2:]:
        named = re.findall(r"`([^`]+)`", where)
        assert named, what
        for name in named:
            assert f"| `{name}` |" in settings if name.startswith("HUB_") else (ROOT / name).is_file(), name
        tests = re.findall(r"`(tests/[^`]+)`", tried)
        assert all((ROOT / name).is_file() for name in tests), what
        assert tests or "by hand" in tried, what


def test_documents_are_short() -> None:
    words = {page: len(page.read_text(encoding="utf-8").split()) for page in ROOT.glob("docs/**/*.md")}
    assert [page.name for page, count in words.items() if count > 1_500] == []
    assert len(read("README.md").split()) <= 700
