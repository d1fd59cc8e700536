"""What an import tells whoever started it: bad lines and progress while it runs, the difference when it ends. Values only."""

from dataclasses import dataclass
from typing import Protocol

# An import may end this many active users, scopes or memberships, or this share of them, without being asked to.
FREE_REMOVALS = 20
FREE_REMOVALS_PERCENT = 10


@dataclass(frozen=True)
class BadLine:
    """A reason to refuse the files. `line` counts as an editor does; None where the whole file is meant."""

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}" if self.line is None else f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Difference:
    """How what the files say differs from what the directory held. `ended`: no longer in the files."""

    added: int
    changed: int
    ended: int
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.ended)


@dataclass(frozen=True)
class Removal:
    """How many of the `active` users, scopes or memberships (`what`) an import ends."""

    what: str
    ending: int
    active: int

    @property
    def is_excessive(self) -> bool:
        return self.ending > FREE_REMOVALS and self.ending * 100 > self.active * FREE_REMOVALS_PERCENT

    def __str__(self) -> str:
        return f"{self.ending:,} of {self.active:,} active {self.what} ({self.ending / self.active:.1%})"


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import, or of a dry run of it.

    `memberships` are those that the files state and that are in force: of active users, without the platform-wide
    membership that every active user has anyway. `directory_version` is the platform's afterwards. `is_vacuumed` is
    False where the tables could not be tidied up afterwards.
    """

    platform_key: str
    dry_run: bool
    organisations: Difference
    clinics: Difference
    users: Difference
    memberships: Difference
    directory_version: int
    is_vacuumed: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether the files say what the directory already held."""
        return all(
            difference.is_empty for difference in (self.organisations, self.clinics, self.users, self.memberships)
        )

    @property
    def numbers(self) -> str:
        """All of it in one line: `users +3 ~1 -0`, that is added, changed, ended."""
        parts = ((what, getattr(self, what)) for what in ("organisations", "clinics", "users", "memberships"))
        return ", ".join(f"{what} +{one.added} ~{one.changed} -{one.ended}" for what, one in parts)


class Progress(Protocol):
    """Hears how an import goes on."""

    def step(self, label: str, total: int | None) -> None:
        """The next step begins. `total` is what `advance` will add up to (bytes), None where nobody can know."""

    def advance(self, amount: int) -> None: ...

    def bad_line(self, bad: BadLine) -> None:
        """One of the bad lines, in the order of files and lines."""


class Silent:
    """The progress that nobody watches."""

    def step(self, label: str, total: int | None) -> None: ...

    def advance(self, amount: int) -> None: ...

    def bad_line(self, bad: BadLine) -> None: ...
