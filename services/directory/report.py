"""The report of an import: bad lines and progress while it runs, the difference when it ends. Values only."""

from dataclasses import dataclass
from typing import Protocol

# An import may end so many of each kind, or this share of them, without --allow-removals.
FREE_REMOVALS = 20
FREE_REMOVALS_PERCENT = 10
FORMER_USER_DAYS = 90


@dataclass(frozen=True)
class Options:
    """The operator's choices. `allow_removals`: of each kind. `former_user_days`: how long the names of users who left are kept."""

    allow_removals: int = 0
    allow_no_administrator: bool = False
    former_user_days: int = FORMER_USER_DAYS


@dataclass(frozen=True)
class BadLine:
    """A reason to refuse the files. `line` counts from 1; None means the whole file."""

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}" if self.line is None else f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Difference:
    """The difference between the files and the directory. `ended`: no longer in the files."""

    added: int
    changed: int
    ended: int
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.ended)


@dataclass(frozen=True)
class Removal:
    """The number of `active` rows of a kind (`what`, in the plural) that an import ends."""

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

    `memberships` are those that the files state for active users, without the membership in the platform that every active user has.
    `directory_version` is the platform's after the import. `warnings`: sentences about what is probably a mistake.
    `erased`: the number of former users who lost their name and e-mail address. `is_vacuumed` is False if the tables could not be vacuumed.
    """

    platform_key: str
    dry_run: bool
    organisations: Difference
    clinics: Difference
    users: Difference
    memberships: Difference
    directory_version: int
    warnings: tuple[str, ...] = ()
    erased: int = 0
    is_vacuumed: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether the directory already held what the files say, and no former user was to be erased."""
        return not self.erased and all(
            difference.is_empty for difference in (self.organisations, self.clinics, self.users, self.memberships)
        )

    @property
    def numbers(self) -> str:
        """One line such as `users +3 ~1 -0`: added, changed, ended; and the number of erased users, if any."""
        parts = ((what, getattr(self, what)) for what in ("organisations", "clinics", "users", "memberships"))
        numbers = [f"{what} +{one.added} ~{one.changed} -{one.ended}" for what, one in parts]
        return ", ".join([*numbers, f"erased {self.erased}"] if self.erased else numbers)


class Progress(Protocol):
    """Receives the progress of an import."""

    def step(self, label: str, total: int | None) -> None:
        """The next step begins. `total`: the sum of its calls of `advance`, in bytes; None if it is unknown."""

    def advance(self, amount: int) -> None: ...

    def bad_line(self, bad: BadLine) -> None:
        """Called for each bad line, in the order of files and lines."""


class Silent:
    """A `Progress` that shows nothing."""

    def step(self, label: str, total: int | None) -> None: ...

    def advance(self, amount: int) -> None: ...

    def bad_line(self, bad: BadLine) -> None: ...
