"""What a drill found: the invariants that were violated, and how much was checked."""

from dataclasses import dataclass, field
from typing import NamedTuple

# More violations of the same invariant say nothing new.
_MAX_OF_A_KIND = 10


class Violation(NamedTuple):
    invariant: str
    what: str


@dataclass
class Findings:
    """The violations, and numbers of what was checked."""

    violations: list[Violation] = field(default_factory=list)
    messages: int = 0
    entries: int = 0
    recalled: int = 0
    follow_ups: int = 0
    feeds: int = 0
    proofs: int = 0

    def violated(self, invariant: str, what: str) -> None:
        if sum(one.invariant == invariant for one in self.violations) < _MAX_OF_A_KIND:
            self.violations.append(Violation(invariant, what))

    def check(self, holds: bool, invariant: str, what: str) -> None:
        if not holds:
            self.violated(invariant, what)
