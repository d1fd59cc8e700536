"""The directory of a drill: several platforms with organisations, clinics and people, invented here and brought in by the product's import.

What is known here decides who should have a message, without asking the product: each import is remembered with the version it made.
"""

import bisect
import csv
import functools
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Engine

from services.directory import actions

# An audience as it is posted: {"everyone": True}, or {"organisations": […], "clinics": […]}.
Audience = Mapping[str, Any]
EVERYONE: Audience = {"everyone": True}


@dataclass(frozen=True)
class Membership:
    """`scope` is the external id of an organisation or clinic; empty at platform level."""

    level: str
    scope: str
    role: str = "member"


@dataclass(frozen=True)
class Person:
    id: str
    memberships: tuple[Membership, ...]
    status: str = "active"


@dataclass(frozen=True)
class Administrator:
    """Somebody who may send: to everyone, or to these organisations with their clinics, and these clinics."""

    id: str
    everyone: bool
    organisations: tuple[str, ...]
    clinics: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """A platform's directory in one version. `clinics` maps each clinic to its organisation."""

    organisations: tuple[str, ...]
    clinics: Mapping[str, str]
    people: tuple[Person, ...]

    def of(self, audience: Audience) -> frozenset[str]:
        """Who is in an audience: active people of these scopes, of everything beneath an organisation."""
        if audience.get("everyone"):
            return self._everyone
        chosen = [*audience.get("organisations", ()), *audience.get("clinics", ())]
        return frozenset().union(*(self._by_scope.get(scope, frozenset()) for scope in chosen))

    @functools.cached_property
    def administrators(self) -> tuple[Administrator, ...]:
        return tuple(
            Administrator(
                person.id,
                everyone=any(one.level == "platform" for one in own),
                organisations=tuple(one.scope for one in own if one.level == "organisation"),
                clinics=tuple(one.scope for one in own if one.level == "clinic"),
            )
            for person in self.people
            if person.status == "active" and (own := [one for one in person.memberships if one.role == "administrator"])
        )

    def clinics_of(self, organisation: str) -> list[str]:
        return self._clinics_by_organisation.get(organisation, [])

    @functools.cached_property
    def _everyone(self) -> frozenset[str]:
        return frozenset(person.id for person in self.people if person.status == "active")

    @functools.cached_property
    def _by_scope(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for person in self.people:
            if person.status != "active":
                continue
            for one in person.memberships:
                found.setdefault(one.scope, set()).add(person.id)
                if one.level == "clinic":
                    found.setdefault(self.clinics[one.scope], set()).add(person.id)
        return {scope: frozenset(people) for scope, people in found.items()}

    @functools.cached_property
    def _clinics_by_organisation(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for clinic, organisation in self.clinics.items():
            found.setdefault(organisation, []).append(clinic)
        return found


@dataclass
class Platform:
    """A platform and every directory it has had."""

    key: str
    id: int = 0
    user_ids: dict[str, int] = field(default_factory=dict)
    _versions: list[int] = field(default_factory=list)
    _directories: list[Directory] = field(default_factory=list)
    # From when until when each version was being imported, by this process's monotonic clock.
    _imported: list[tuple[float, float]] = field(default_factory=list)

    @property
    def now(self) -> Directory:
        return self._directories[-1]

    def at(self, version: int) -> Directory:
        """The directory as it stood in a version. Raises `KeyError` before the first."""
        found = bisect.bisect_right(self._versions, version)
        if not found:
            raise KeyError(version)
        return self._directories[found - 1]

    def versions_between(self, began: float, ended: float) -> range:
        """The versions that may have been in force at some moment between the two, of the monotonic clock."""
        over = [version for version, (_, end) in zip(self._versions, self._imported, strict=True) if end <= began]
        begun = [version for version, (begin, _) in zip(self._versions, self._imported, strict=True) if begin < ended]
        return range(max(over, default=0), max(begun, default=0) + 1)

    def recipients(self, audience: Audience, version: int) -> frozenset[int]:
        """The ids of those who should have a message that was accepted in this version."""
        return frozenset(self.user_ids[person] for person in self.at(version).of(audience))

    def put(self, engine: Engine, directory: Directory, folder: Path) -> None:
        """Imports `directory` and remembers it with its version. `engine` acts as the directory's role."""
        _write_files(folder, directory)
        began = time.monotonic()
        outcome = actions.import_directory(
            engine, platform_key=self.key, folder=folder, allow_removals=len(directory.people)
        )
        self._imported.append((began, time.monotonic()))
        self._versions.append(outcome.directory_version)
        self._directories.append(directory)
        with engine.connect() as connection:
            statement = sqlalchemy.text("SELECT external_id, id FROM users WHERE platform_id = :platform_id")
            self.user_ids = {row.external_id: row.id for row in connection.execute(statement, {"platform_id": self.id})}


@dataclass(frozen=True)
class Plan:
    """How large a platform is made."""

    key: str
    organisations: int
    clinics_each: int
    people: int


@dataclass
class World:
    platforms: list[Platform]

    def platform(self, key: str) -> Platform:
        return next(one for one in self.platforms if one.key == key)


LARGE, MIDDLE, SMALL = "large", "middle", "small"


def plans(largest: int) -> list[Plan]:
    """Three platforms: one whose broadcasts take many batches, one of a few thousand at most, one of a few people."""
    return [
        Plan(LARGE, organisations=4, clinics_each=5, people=largest),
        Plan(MIDDLE, organisations=6, clinics_each=4, people=min(2_400, largest // 4)),
        Plan(SMALL, organisations=1, clinics_each=2, people=9),
    ]


def make(engine: Engine, rng: random.Random, folder: Path, *, largest: int) -> World:
    """Invents the directories and imports them; the largest platform has about so many people."""
    platforms = []
    for plan in plans(largest):
        change = actions.put_platform(engine, key=plan.key, name=plan.key.capitalize(), plan="enterprise")
        platform = Platform(plan.key, change.platform.id)
        platform.put(engine, invent(plan, rng), folder / plan.key)
        platforms.append(platform)
    return World(platforms)


def invent(plan: Plan, rng: random.Random) -> Directory:
    """People in one clinic or two, some in an organisation only, some pending or disabled; administrators of every level."""
    organisations = tuple(f"o{n}" for n in range(plan.organisations))
    clinics = {f"{o}-c{n}": o for o in organisations for n in range(plan.clinics_each)}
    names = list(clinics)
    people = [*_administrators(organisations, names)]
    for number in range(plan.people):
        own = [Membership("clinic", rng.choice(names))]
        if rng.random() < 0.1:
            own.append(Membership("clinic", rng.choice(names)))
        if rng.random() < 0.03:
            own = [Membership("organisation", rng.choice(organisations))]
        status = "active" if rng.random() < 0.97 else rng.choice(("pending", "disabled"))
        people.append(Person(f"u{number}", tuple(dict.fromkeys(own)), status))
    return Directory(organisations, clinics, tuple(people))


def _administrators(organisations: Sequence[str], clinics: Sequence[str]) -> Iterable[Person]:
    for number in range(2):
        yield Person(f"platform-administrator-{number}", (Membership("platform", "", "administrator"),))
    for organisation in organisations:
        for number in range(2):
            own = Membership("organisation", organisation, "administrator")
            yield Person(f"{organisation}-administrator-{number}", (own,))
    for number, clinic in enumerate(clinics):
        # Some administer two clinics, maybe of two organisations.
        own_clinics = dict.fromkeys((clinic, clinics[(number * 7) % len(clinics)] if number % 3 == 0 else clinic))
        memberships = tuple(Membership("clinic", one, "administrator") for one in own_clinics)
        yield Person(f"{clinic}-administrator", memberships)


def _write_files(folder: Path, directory: Directory) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "organisations.csv",
        ("external_id", "name"),
        ((o, f"Organisation {o}") for o in directory.organisations),
    )
    _write(
        folder / "clinics.csv",
        ("external_id", "organisation", "name"),
        ((clinic, organisation, f"Clinic {clinic}") for clinic, organisation in directory.clinics.items()),
    )
    _write(
        folder / "users.csv",
        ("external_id", "name", "email", "status"),
        ((person.id, f"Person {person.id}", "", person.status) for person in directory.people),
    )
    _write(
        folder / "memberships.csv",
        ("user", "level", "scope", "role"),
        ((person.id, one.level, one.scope, one.role) for person in directory.people for one in person.memberships),
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
