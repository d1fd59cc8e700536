from collections import Counter
from pathlib import Path

import pytest

from drills import report
from drills.findings import Findings
from drills.platforms import EVERYONE, Platform
from drills.posts import Attempt, Post


def posts(count: int, status: int | None) -> list[Post]:
    attempts = [Attempt(0.0, 0.1, status)]
    return [Post(Platform("p", 1), "a", "t", "b", EVERYONE, None, attempts) for _ in range(count)]


def a_run(*, violations: int = 0, failure: str = "", is_whole: bool = True) -> report.Run:
    findings = Findings(messages=1_200, entries=3_000_000, recalled=7, follow_ups=31, feeds=27)
    for number in range(violations):
        findings.violated("each recipient once", f"message {number}")
    result = report.Result(
        number=2,
        name="broker lost",
        seconds=90.0,
        faults=Counter({"killed": 3}),
        posts=[*posts(1_200, 202), *posts(40, 403), *posts(10, None)],
        findings=findings,
        recovery=12.34,
        slowest_post=0.187,
        worst={"POST while Redis hangs": 0.18},
        failure=failure,
    )
    return report.Run(7, "2 workers", [result], is_whole=is_whole)


def test_the_report_says_what_was_done_and_what_was_checked() -> None:
    text = report.as_markdown(a_run())
    for fact in ("7", "3 × killed", "3,000,000", "31", "27", "12.3 s", "187 ms", "180 ms", "no violation"):
        assert fact in text
    assert "1,250 (1,200 accepted, 40 rejected, 10 neither)" in text
    assert a_run().is_clean


@pytest.mark.parametrize(
    ("run", "fact"),
    [
        (a_run(violations=1), "each recipient once"),
        (a_run(failure="TimeoutError: redis does not come up"), "redis does not come up"),
        (a_run(is_whole=False), "interrupted"),
    ],
)
def test_whatever_went_wrong_is_shown_and_makes_the_run_fail(run: report.Run, fact: str) -> None:
    assert not run.is_clean
    assert fact in report.as_markdown(run)


def test_a_report_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("before\n<!-- report -->\nold\n<!-- end of report -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        report.put_into(document, a_run())
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- report -->\nSeed 7")
    assert text.endswith("<!-- end of report -->\nafter\n")
    assert text.count("broker lost") == 1
    assert "old" not in text
    (tmp_path / "other.md").write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="has no"):
        report.put_into(tmp_path / "other.md", a_run())
