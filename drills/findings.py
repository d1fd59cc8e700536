"""What a drill found: every promise that was broken, and how much was looked at. Filled by `invariants`, `bells` and the drills."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

# After so many of one kind the rest says nothing new.
_MOST_OF_A_KIND = 10


class Violation(NamedTuple):
    """`check` names the promise that was broken, `what` tells where."""

    check: str
    what: str


@dataclass
class Findings:
    """The violations, and numbers of what was checked."""

    violations: list[Violation] = field(default_factory=list)
    messages: int = 0
    entries: int = 0
    recalled: int = 0
    feeds: int = 0
    requests: int = 0
    proofs: int = 0

    def broken(self, check: str, what: str) -> None:
        if sum(one.check == check for one in self.violations) < _MOST_OF_A_KIND:
            self.violations.append(Violation(check, what))

    def expect(self, true: bool, check: str, what: Callable[[], str]) -> None:
        if not true:
            self.broken(check, what())
