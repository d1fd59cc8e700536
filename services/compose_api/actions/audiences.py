"""What an administrator may choose as audience and how many people a choice reaches; checks a choice."""

import collections
import hashlib
import threading
from dataclasses import dataclass

from sqlalchemy import Engine

from services.compose_api import domain
from services.compose_api.store import audiences as store
from shared import audience as audience_sql
from shared import db, errors, rate_limit
from shared.auth.store import Caller

_CACHED_COUNTS = 10_000


@dataclass(frozen=True)
class Viewer:
    id: str
    name: str


@dataclass(frozen=True)
class Clinic:
    id: str
    name: str
    user_count: int


@dataclass(frozen=True)
class Organisation:
    id: str
    name: str
    user_count: int
    selectable: bool
    clinics: tuple[Clinic, ...]


@dataclass(frozen=True)
class Audiences:
    """user_count is the whole platform's where everyone may be chosen, else None."""

    viewer: Viewer
    everyone: bool
    user_count: int | None
    organisations: tuple[Organisation, ...]


class Counter:
    """Numbers of people of audiences that were counted before. A directory version never changes, so neither does its count.

    An audience is kept as a hash of its ids: 10,000 of a thousand scopes each would take 400 MB.
    """

    def __init__(self) -> None:
        self._counts: collections.OrderedDict[bytes, int] = collections.OrderedDict()
        self._lock = threading.Lock()

    def find(self, audience: audience_sql.Audience) -> int | None:
        key = _hash(audience)
        with self._lock:
            if key in self._counts:
                self._counts.move_to_end(key)
            return self._counts.get(key)

    def keep(self, audience: audience_sql.Audience, count: int) -> None:
        with self._lock:
            self._counts[_hash(audience)] = count
            if len(self._counts) > _CACHED_COUNTS:
                self._counts.popitem(last=False)


def _hash(audience: audience_sql.Audience) -> bytes:
    return hashlib.blake2b(repr(audience).encode(), digest_size=16).digest()


def get_audiences(engine: Engine, *, caller: Caller) -> Audiences:
    """Everything this administrator may choose, with the number of people each scope reaches now."""
    with engine.connect() as connection:
        scopes = store.list_scopes(connection, user_id=caller.user_id)
    clinics: dict[int | None, list[Clinic]] = {}
    for scope in scopes:
        if scope.level == "clinic":
            clinics.setdefault(scope.parent_id, []).append(Clinic(scope.external_id, scope.name, scope.user_count))
    organisations = tuple(
        Organisation(
            scope.external_id, scope.name, scope.user_count, scope.selectable, tuple(clinics.get(scope.id, ()))
        )
        for scope in scopes
        if scope.level == "organisation"
    )
    everyone = next((scope for scope in scopes if scope.level == "platform" and scope.selectable), None)
    return Audiences(
        viewer=Viewer(caller.external_id, caller.name),
        everyone=everyone is not None,
        user_count=everyone.user_count if everyone else None,
        organisations=organisations,
    )


def preview(
    engine: Engine, counter: Counter, *, caller: Caller, audience: domain.Audience, rate: rate_limit.Verdict
) -> int:
    """How many distinct people `audience` would reach now.

    Raises `HubError` validation-failed for unknown scopes, audience-out-of-reach and rate-limited, as sending would.
    """
    with engine.connect() as connection:
        choice = store.get_choice(
            db.driver(connection), platform_id=caller.platform_id, user_id=caller.user_id, audience=audience
        )
        check_choice(choice)
        rate.check()
        if len(choice.targets) == 1:
            return store.get_user_count(connection, scope_id=choice.targets[0].scope_id)
        wanted = audience_sql.Audience(domain.without_nested(choice.targets), choice.directory_version)
        count = counter.find(wanted)
        if count is None:
            count = store.count_audience(connection, audience=wanted)
            counter.keep(wanted, count)
        return count


def check_choice(choice: store.Choice) -> None:
    """Raises `HubError` when a chosen scope is unknown, or beyond the administrator's reach; each is named."""
    if choice.unknown:
        named: dict[str, list[str]] = {}
        for level, external_id in choice.unknown:
            named.setdefault(f"{level}s", []).append(f"Unknown {level}: {external_id}.")
        raise errors.validation_failed({"audience": named})
    beyond = [target for target in choice.targets if not choice.reach.covers(target)]
    if beyond:
        named = {}
        for target in beyond:
            field = "everyone" if target.level == "platform" else f"{target.level}s"
            named.setdefault(field, []).append(f"Beyond your reach: {target.external_id}.")
        names = errors.listed([target.external_id for target in beyond])
        raise errors.HubError("audience-out-of-reach", f"You do not administer: {names}.", errors={"audience": named})
