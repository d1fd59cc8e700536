"""The rules of a message: its audience, and who may address whom. Pure: no database, no HTTP."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MAX_SCOPES = 1000
MAX_EXTERNAL_ID = 255

Level = Literal["platform", "organisation", "clinic"]


@dataclass(frozen=True)
class Audience:
    """The choice as it was made, by external ids; `everyone` stands alone."""

    everyone: bool
    organisations: tuple[str, ...] = ()
    clinics: tuple[str, ...] = ()

    def scopes(self) -> list[tuple[Level, str]]:
        """The chosen organisations and clinics, each as level and external id."""
        organisations: list[tuple[Level, str]] = [("organisation", external_id) for external_id in self.organisations]
        return organisations + [("clinic", external_id) for external_id in self.clinics]


@dataclass(frozen=True)
class Draft:
    """A message that keeps the rules, not yet accepted."""

    title: str
    body: str
    audience: Audience

    @property
    def request_hash(self) -> bytes:
        """Equal for requests that ask for the same: normalised text, audience as a set."""
        audience = [self.audience.everyone, sorted(self.audience.organisations), sorted(self.audience.clinics)]
        return hashlib.sha256(json.dumps([self.title, self.body, audience]).encode()).digest()


@dataclass(frozen=True)
class Target:
    """One scope of an audience, found in the directory. Its own id is among its ancestors'."""

    scope_id: int
    level: Level
    external_id: str
    ancestor_ids: frozenset[int]


@dataclass(frozen=True)
class Reach:
    """What an administrator administers now, as ids of scopes."""

    platform_id: int
    administered: frozenset[int]

    def covers(self, target: Target) -> bool:
        """Whether they may address it: they administer it or a scope that contains it."""
        return not self.administered.isdisjoint(target.ancestor_ids)

    def is_above(self, target: Target) -> bool:
        """Whether they administer a scope that contains it; nobody is above a platform's own administrators."""
        return not self.administered.isdisjoint((target.ancestor_ids - {target.scope_id}) | {self.platform_id})


def visibility(targets: Iterable[Target]) -> dict[int, bool]:
    """Every target and all its ancestors, each with whether it was chosen itself."""
    scopes: dict[int, bool] = {}
    for target in targets:
        scopes.update(dict.fromkeys(target.ancestor_ids - scopes.keys(), False))
        scopes[target.scope_id] = True
    return scopes


def without_nested(targets: Iterable[Target]) -> tuple[int, ...]:
    """The ids of the targets that no other target contains: the same audience, each person found as few times as possible."""
    by_id = {target.scope_id: target for target in targets}
    return tuple(
        sorted(
            scope_id for scope_id, target in by_id.items() if by_id.keys().isdisjoint(target.ancestor_ids - {scope_id})
        )
    )
