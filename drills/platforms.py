"""The platforms of a drill: invented directories, brought in by the product's import.

What is known here decides who should have a message, without asking the product: each import is remembered with the version it made.
"""

import bisect
import functools
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Engine

from drills import directory_files
from services.directory import report
from services.directory.actions import import_
from services.directory.actions import platforms as platform_actions

# An audience as it is posted: {"everyone": True}, or {"organisations": […], "clinics": […]}.
Audience = Mapping[str, Any]
EVERYONE: Audience = {"everyone": True}
# Broadcasts to the first take many batches, to the second one or a few, the third has a few people only.
LARGE, MIDDLE, SMALL = "large", "middle", "small"


class Membership(NamedTuple):
    """`scope` is the external id of an organisation or clinic; empty at platform level."""

    level: str
    scope: str
    role: str = "member"


@dataclass(frozen=True)
class Person:
    id: str
    memberships: tuple[Membership, ...]
    status: str = "active"

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def is_administrator(self) -> bool:
        return any(one.role == "administrator" for one in self.memberships)

    @property
    def administers_all(self) -> bool:
        return bool(self.administers("platform"))

    def administers(self, level: str) -> list[str]:
        """The scopes of this level that this person may address."""
        return [one.scope for one in self.memberships if (one.role, one.level) == ("administrator", level)]

    def may_address(self, audience: Audience) -> bool:
        """Whether this person administers everything, or each scope of the audience itself."""
        levels = ("organisation", "clinic")
        chosen = {level: audience.get(f"{level}s", ()) for level in levels}
        each = all(set(chosen[level]) <= set(self.administers(level)) for level in levels)
        return self.administers_all or (each and not audience.get("everyone"))


@dataclass(frozen=True)
class Directory:
    """A platform's directory in one version. `clinics` maps each clinic to its organisation."""

    organisations: tuple[str, ...]
    clinics: Mapping[str, str]
    people: tuple[Person, ...]

    def of(self, audience: Audience) -> frozenset[str]:
        """The ids of the active people in an audience, those beneath an organisation included."""
        if audience.get("everyone"):
            return frozenset(self.active)
        chosen = [*audience.get("organisations", ()), *audience.get("clinics", ())]
        return frozenset().union(*(self._by_scope.get(scope, ()) for scope in chosen))

    @functools.cached_property
    def active(self) -> tuple[str, ...]:
        return tuple(person.id for person in self.people if person.is_active)

    @functools.cached_property
    def administrators(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.is_active and person.is_administrator)

    def clinics_of(self, organisation: str) -> list[str]:
        return [clinic for clinic, its in self.clinics.items() if its == organisation]

    @functools.cached_property
    def _by_scope(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for person in filter(lambda one: one.is_active, self.people):
            for one in person.memberships:
                found.setdefault(one.scope, set()).add(person.id)
                if one.level == "clinic":
                    found.setdefault(self.clinics[one.scope], set()).add(person.id)
        return found


@dataclass(frozen=True)
class _Import:
    """A directory, the version that its import made, and when it was imported (this process's monotonic clock)."""

    version: int
    directory: Directory
    began: float
    ended: float


@dataclass
class Platform:
    """A platform and every directory it has had."""

    key: str
    id: int
    user_ids: dict[str, int] = field(default_factory=dict)
    _imports: list[_Import] = field(default_factory=list)

    @property
    def now(self) -> Directory:
        return self._imports[-1].directory

    def at(self, version: int) -> Directory:
        """The directory as it stood in a version. Raises `KeyError` before the first."""
        found = bisect.bisect_right([one.version for one in self._imports], version)
        if not found:
            raise KeyError(version)
        return self._imports[found - 1].directory

    def versions_between(self, began: float, ended: float) -> range:
        """The versions that may have been in force at some moment between the two, of the monotonic clock."""
        oldest = max((one.version for one in self._imports if one.ended <= began), default=0)
        newest = max((one.version for one in self._imports if one.began < ended), default=0)
        return range(oldest, newest + 1)

    def recipients(self, audience: Audience, version: int) -> frozenset[int]:
        """The ids of the users who should have a message that was accepted in this version."""
        return frozenset(self.user_ids[person] for person in self.at(version).of(audience))

    def put(self, engine: Engine, directory: Directory, folder: Path) -> None:
        """Imports `directory` and remembers it with its version. `engine` acts as the directory's role."""
        directory_files.write(
            folder / self.key,
            organisations=((one,) for one in directory.organisations),
            clinics=directory.clinics.items(),
            users=((person.id, person.status) for person in directory.people),
            memberships=((person.id, *one) for person in directory.people for one in person.memberships),
        )
        began = time.monotonic()
        outcome = import_.import_directory(
            engine,
            platform_key=self.key,
            folder=folder / self.key,
            options=report.Options(allow_removals=len(directory.people), allow_no_administrator=True),
        )
        self._imports.append(_Import(outcome.directory_version, directory, began, time.monotonic()))
        with engine.connect() as connection:
            statement = sqlalchemy.text("SELECT external_id, id FROM users WHERE platform_id = :platform_id")
            self.user_ids = {row.external_id: row.id for row in connection.execute(statement, {"platform_id": self.id})}


def make(engine: Engine, rng: random.Random, folder: Path, *, largest: int) -> dict[str, Platform]:
    """Invents the directories and imports them; the largest platform has about so many people."""
    directories = {
        LARGE: _invent(rng, organisations=4, clinics_each=5, people=largest),
        MIDDLE: _invent(rng, organisations=6, clinics_each=4, people=min(2_400, largest // 4)),
        SMALL: _invent(rng, organisations=1, clinics_each=2, people=9),
    }
    platforms = {}
    for key, directory in directories.items():
        change = platform_actions.put_platform(engine, key=key, name=key.capitalize(), plan="enterprise")
        platforms[key] = Platform(key, change.platform.id)
        platforms[key].put(engine, directory, folder)
    return platforms


def _invent(rng: random.Random, *, organisations: int, clinics_each: int, people: int) -> Directory:
    """People in one clinic or two, some in an organisation only, some pending or disabled; administrators of every level."""
    names = tuple(f"o{n}" for n in range(organisations))
    clinics = {f"{o}-c{n}": o for o in names for n in range(clinics_each)}
    found = [*_administrators(names, list(clinics))]
    for number in range(people):
        own = [Membership("clinic", rng.choice(list(clinics)))]
        if rng.random() < 0.1:
            own.append(Membership("clinic", rng.choice(list(clinics))))
        if rng.random() < 0.03:
            own = [Membership("organisation", rng.choice(names))]
        status = "active" if rng.random() < 0.97 else rng.choice(("pending", "disabled"))
        found.append(Person(f"u{number}", tuple(dict.fromkeys(own)), status))
    return Directory(names, clinics, tuple(found))


def _administrators(organisations: Sequence[str], clinics: Sequence[str]) -> Iterable[Person]:
    for number in range(2):
        yield Person(f"platform-administrator-{number}", (Membership("platform", "", "administrator"),))
    for organisation in organisations:
        for number in range(2):
            own = Membership("organisation", organisation, "administrator")
            yield Person(f"{organisation}-administrator-{number}", (own,))
    for number, clinic in enumerate(clinics):
        # Every third administers a second clinic, sometimes of another organisation.
        own_clinics = dict.fromkeys((clinic, clinics[(number * 7) % len(clinics)] if number % 3 == 0 else clinic))
        yield Person(
            f"{clinic}-administrator", tuple(Membership("clinic", one, "administrator") for one in own_clinics)
        )
