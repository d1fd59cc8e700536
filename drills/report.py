"""What a run of drills found: a table for the terminal, Markdown for docs/reliability.md, JSON to keep."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import rich.box
import rich.console
import rich.table

from drills.findings import Findings, Violation
from drills.traffic import Post


@dataclass(frozen=True)
class Posts:
    """What became of the POSTs, by message, not by request: each message counts once."""

    messages: int
    accepted: int
    refused: int
    unanswered: int
    requests: int

    @classmethod
    def count(cls, posts: Sequence[Post]) -> "Posts":
        return cls(
            messages=len(posts),
            accepted=sum(post.is_accepted for post in posts),
            refused=sum(post.is_refused for post in posts),
            unanswered=sum(not post.is_accepted and not post.is_refused for post in posts),
            requests=sum(len(post.attempts) for post in posts),
        )


@dataclass
class Result:
    """One drill. Times in seconds; `worst` holds what else was timed, the worst of each."""

    number: int
    name: str
    question: str
    seconds: float
    faults: Counter[str]
    posts: Posts
    findings: Findings
    recovery: float
    slowest_post: float
    worst: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.findings.violations and not self.failure


@dataclass(frozen=True)
class Run:
    seed: int
    minutes: float
    settings: dict[str, Any]
    results: Sequence[Result]
    is_whole: bool = True

    @property
    def violations(self) -> list[tuple[Result, Violation]]:
        return [(result, one) for result in self.results for one in result.findings.violations]

    @property
    def is_clean(self) -> bool:
        return self.is_whole and all(result.is_clean for result in self.results)


_BEGIN, _END = "<!-- report -->", "<!-- end of report -->"
_COLUMNS = (
    "drill", "faults", "posts", "messages", "entries", "bells", "recovered", "slowest POST", "violations",
)  # fmt: skip


def show(console: rich.console.Console, run: Run) -> None:
    table = rich.table.Table(box=rich.box.SIMPLE, title=f"Drills, seed {run.seed}", title_justify="left")
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("drill", "faults") else "right")
    for result in run.results:
        table.add_row(*_cells(result))
    console.print(table)
    for result in run.results:
        for what, seconds in result.worst.items():
            console.print(f"  {result.number}. {what}: {_time(seconds)} at worst", highlight=False)
    for result, violation in run.violations:
        console.print(
            f"  VIOLATION in {result.number}. {result.name}: {violation.check}: {violation.what}", markup=False
        )
    for result in run.results:
        if result.failure:
            console.print(f"  FAILED {result.number}. {result.name}: {result.failure}", markup=False)
    console.print(_verdict(run), highlight=False)


def one_line(result: Result) -> str:
    """How it went, for whoever watches."""
    faults = ", ".join(f"{count} × {what}" for what, count in sorted(result.faults.items()))
    found = f"{result.findings.messages:,} messages, {result.findings.entries:,} entries, recovered in {_time(result.recovery)}"
    broken = result.failure or (
        f"{len(result.findings.violations)} VIOLATIONS" if result.findings.violations else "clean"
    )
    return f"{faults}; {found}: {broken}"


def as_markdown(run: Run) -> str:
    """The table as it stands in docs/reliability.md."""
    lines = [
        f"Seed {run.seed}, {sum(result.seconds for result in run.results) / 60:.0f} minutes; "
        + ", ".join(f"{key} {value}" for key, value in run.settings.items())
        + ".",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|" + "|".join("---" if name in ("drill", "faults") else "---:" for name in _COLUMNS) + "|",
        *("| " + " | ".join(cell.replace("\n", "<br>") for cell in _cells(result)) + " |" for result in run.results),
    ]
    timed = [
        f"- {result.number}. {what}: {_time(seconds)} at worst."
        for result in run.results
        for what, seconds in result.worst.items()
    ]
    broken = [f"- **{result.number}. {one.check}**: {one.what}" for result, one in run.violations]
    broken += [f"- **{result.number}. did not end**: {result.failure}" for result in run.results if result.failure]
    parts = [lines, timed, broken, [_verdict(run)]]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def put_into(path: Path, run: Run) -> None:
    """Replaces what stands between the two marks of a Markdown file by this run's report. Raises `ValueError` without marks."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} has no {_BEGIN} … {_END}")
    path.write_text(f"{before}{begin}\n{as_markdown(run)}{end}{after}", encoding="utf-8")


def as_document(run: Run) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "minutes": run.minutes,
        "settings": run.settings,
        "clean": run.is_clean,
        "whole": run.is_whole,
        "results": [
            asdict(dataclasses.replace(result, faults=Counter()))
            | {"faults": dict(result.faults)}
            | {"findings": asdict(result.findings) | {"violations": _violations(result)}}
            for result in run.results
        ],
    }


def _violations(result: Result) -> list[dict[str, str]]:
    return [one._asdict() for one in result.findings.violations]


def _cells(result: Result) -> list[str]:
    posts, found = result.posts, result.findings
    return [
        f"{result.number}. {result.name}",
        "\n".join(f"{count:,} × {what}" for what, count in sorted(result.faults.items())) or "–",
        f"{posts.messages:,} ({posts.accepted:,} accepted, {posts.refused:,} refused, {posts.unanswered:,} neither)",
        f"{found.messages:,} ({found.recalled:,} recalled)",
        f"{found.entries:,}",
        f"{found.feeds:,}",
        _time(result.recovery),
        _time(result.slowest_post),
        str(len(found.violations)) if not result.failure else "FAILED",
    ]


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _verdict(run: Run) -> str:
    messages = sum(result.findings.messages for result in run.results)
    entries = sum(result.findings.entries for result in run.results)
    faults = sum(sum(result.faults.values()) for result in run.results)
    checked = f"{faults:,} faults; {messages:,} messages with {entries:,} entries checked"
    ended = "" if run.is_whole else ", and the run was interrupted"
    return f"{checked}: {len(run.violations) or 'no'} violation{'' if len(run.violations) == 1 else 's'}{ended}."
