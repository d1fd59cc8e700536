"""The report of a run: Markdown for the terminal, for `drills/results/` and for docs/reliability.md."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drills.findings import Findings
from drills.posts import Post

_BEGIN, _END = "<!-- report -->", "<!-- end of report -->"
_COLUMNS = (
    "drill",
    "faults",
    "posts",
    "messages",
    "recalled",
    "follow-ups",
    "entries",
    "feeds",
    "recovered",
    "slowest POST",
    "violations",
)
_DETAILS = ("posts", "recalled", "feeds")


@dataclass(frozen=True)
class Result:
    """One drill. Times in seconds; `worst` holds the worst of each other time that was measured."""

    number: int
    name: str
    seconds: float
    faults: Counter[str]
    posts: Sequence[Post]
    findings: Findings
    recovery: float
    slowest_post: float
    worst: Mapping[str, float]
    failure: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.findings.violations and not self.failure

    def __str__(self) -> str:
        """One line, for the terminal."""
        faults = ", ".join(f"{count} × {what}" for what, count in sorted(self.faults.items()))
        checked = f"{self.findings.messages:,} messages, {self.findings.entries:,} entries"
        outcome = self.failure or f"{len(self.findings.violations) or 'no'} violations"
        return f"{faults}; {checked}, recovered in {_time(self.recovery)}: {outcome}"


@dataclass(frozen=True)
class Run:
    seed: int
    settings: str
    results: Sequence[Result]
    is_whole: bool = True

    @property
    def is_clean(self) -> bool:
        return self.is_whole and all(result.is_clean for result in self.results)


def as_markdown(run: Run, *, is_short: bool = False) -> str:
    """A short one leaves out what was done in detail."""
    minutes = sum(result.seconds for result in run.results) / 60
    columns = [name for name in _COLUMNS if not (is_short and name in _DETAILS)]
    rows = [_cells(result, is_short=is_short) for result in run.results]
    table = [
        "| " + " | ".join(columns) + " |",
        "|---|" + "---:|" * (len(columns) - 1),
        *("| " + " | ".join(row[name] for name in columns) + " |" for row in rows),
    ]
    others = []
    for result in run.results:
        others += [f"- {result.number}. {what}: {_time(worst)} at worst." for what, worst in result.worst.items()]
        others += [f"- **{result.number}. {one.invariant}**: {one.what}" for one in result.findings.violations]
        others += [f"- **{result.number}. did not end**: {result.failure}"] if result.failure else []
    parts = [[f"Seed {run.seed}, {minutes:.0f} minutes; {run.settings}."], table, others, [_verdict(run)]]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def put_into(path: Path, run: Run) -> None:
    """Replaces the short report between the two marks of a Markdown file. Raises `ValueError` without marks."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} has no {_BEGIN} … {_END}")
    path.write_text(f"{before}{begin}\n{as_markdown(run, is_short=True)}{end}{after}", encoding="utf-8")


def _cells(result: Result, *, is_short: bool) -> dict[str, str]:
    posts, found = result.posts, result.findings
    faults = "<br>".join(f"{count:,} × {what}" for what, count in sorted(result.faults.items())) or "–"
    accepted, rejected = (sum(getattr(post, name) for post in posts) for name in ("is_accepted", "is_rejected"))
    neither = len(posts) - accepted - rejected
    return {
        "drill": f"{result.number}. {result.name}",
        "faults": f"{result.faults.total():,}" if is_short else faults,
        "posts": f"{len(posts):,} ({accepted:,} accepted, {rejected:,} rejected, {neither:,} neither)",
        "messages": f"{found.messages:,}",
        "recalled": f"{found.recalled:,}",
        "follow-ups": f"{found.follow_ups:,}",
        "entries": f"{found.entries:,}",
        "feeds": f"{found.feeds:,}",
        "recovered": _time(result.recovery),
        "slowest POST": _time(result.slowest_post),
        "violations": "FAILED" if result.failure else str(len(found.violations)),
    }


def _verdict(run: Run) -> str:
    findings = [result.findings for result in run.results]
    faults = sum(result.faults.total() for result in run.results)
    messages, entries = sum(one.messages for one in findings), sum(one.entries for one in findings)
    violations = sum(len(one.violations) for one in findings)
    found = f"{violations or 'no'} violation{'' if violations == 1 else 's'}"
    ended = "" if run.is_whole else ", and the run was interrupted"
    return f"{faults:,} faults; {messages:,} messages with {entries:,} entries checked: {found}{ended}."


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
