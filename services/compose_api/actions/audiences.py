"""Says who is calling, lists the scopes that an administrator may choose, checks a choice, and counts the users it reaches."""

import collections
import hashlib
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine

from services.compose_api import domain
from services.compose_api.store import audiences as store
from services.compose_api.store import follow_ups
from shared import audience as audience_sql
from shared import db, errors, rate_limit
from shared.audience import ChosenScopes
from shared.auth.store import Caller
from shared.sent_messages.store import Person

_CACHED_COUNTS = 10_000


@dataclass(frozen=True)
class Viewer:
    """A user, and the highest level that they administer something of; None if they administer nothing."""

    id: str
    name: str
    level: domain.Level | None
    categories: tuple[str, ...]


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
    """`user_count` is the platform's; None if the administrator may not choose everyone."""

    viewer: Person
    everyone: bool
    user_count: int | None
    organisations: tuple[Organisation, ...]


class Counter:
    """A cache of user counts by audience. A directory version never changes, so a count never expires.

    The keys are hashes: 10,000 audiences of a thousand scopes each would take 400 MB.
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


def get_viewer(engine: Engine, *, caller: Caller) -> Viewer:
    with engine.connect() as connection:
        level = store.find_level(connection, user_id=caller.user_id) if caller.is_administrator else None
        categories = store.get_categories(connection, platform_id=caller.platform_id)
    return Viewer(caller.external_id, caller.name, level, categories)


def get_audiences(engine: Engine, *, caller: Caller) -> Audiences:
    """Every scope that this administrator may choose, with its current number of users."""
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
        viewer=Person(caller.external_id, caller.name),
        everyone=everyone is not None,
        user_count=everyone.user_count if everyone else None,
        organisations=organisations,
    )


def preview(
    engine: Engine,
    counter: Counter,
    *,
    caller: Caller,
    rate: rate_limit.Verdict,
    addressed: domain.Addressed,
) -> int:
    """The number of distinct users that the audience, or a follow-up, would reach now.

    Raises `HubError` validation-failed for unknown scopes, audience-out-of-reach, not-found, recalled and rate-limited, as sending would.
    """
    with engine.connect() as connection:
        choice = get_choice(
            db.driver(connection), caller, audience=addressed.audience, follows=addressed.follows, only=addressed.only
        )
        check_choice(choice)
        rate.check()
        if choice.follow_up is None and len(choice.targets) == 1:
            return store.get_user_count(connection, scope_id=choice.targets[0].scope_id)
        if choice.follow_up is not None and not choice.chosen.everyone:
            return follow_ups.count_recipients(db.driver(connection), choice=choice)
        people = audience_sql.Audience(domain.without_nested(choice.targets), choice.audience_version)
        count = counter.find(people)
        if count is None:
            count = store.count_audience(connection, audience=people)
            counter.keep(people, count)
        if choice.follow_up is not None:
            # Half the cost of counting the recipients, because the number of people is mostly known. All who are excluded are among them.
            count -= follow_ups.count_excluded(db.driver(connection), choice=choice)
        return count


def get_choice(
    connection: psycopg.Connection[Any],
    caller: Caller,
    *,
    audience: ChosenScopes,
    follows: uuid.UUID | None,
    only: str | None,
) -> store.Choice:
    """What a message would be addressed to now: the audience, or that of the earlier message as far as the caller may address it."""
    if follows is not None:
        return follow_ups.get_choice(
            connection, platform_id=caller.platform_id, user_id=caller.user_id, follows=follows, only=only
        )
    return store.get_choice(connection, platform_id=caller.platform_id, user_id=caller.user_id, audience=audience)


def _check_follow_up(choice: store.Choice, earlier: store.FollowUp) -> None:
    """Raises `HubError` where this sender cannot follow the earlier message."""
    if not earlier.is_visible:
        raise errors.not_found("message")
    if earlier.is_forgotten:
        raise errors.validation_failed(
            {
                "follows": [
                    "Who has read it is not known any more: it is past the retention, or a message that it follows is."
                ]
            }
        )
    if earlier.chain_length >= domain.MAX_CHAIN:
        raise errors.validation_failed(
            {
                "follows": [
                    f"It is a follow-up to {earlier.chain_length} messages in a row: follow an earlier one of them."
                ]
            }
        )
    if earlier.is_notice:
        raise errors.validation_failed({"follows": ["It is a notice to administrators."]})
    if not 1 <= len(choice.targets) <= domain.MAX_SCOPES:
        raise errors.HubError(
            "audience-out-of-reach",
            f"Of the earlier message's audience you administer nothing, or more than {domain.MAX_SCOPES} single scopes.",
        )
    if earlier.is_recalled:
        raise errors.HubError("recalled", "The earlier message was recalled.")
    if earlier.only == "not_acknowledged" and not earlier.asks:
        raise errors.HubError(
            "acknowledgement-not-requested", "The earlier message asks for no acknowledgement, or does not any more."
        )


def check_choice(choice: store.Choice, *, invalid: Mapping[str, list[str]] | None = None) -> None:
    """Raises `HubError` naming the unknown scopes and the `invalid` fields, or the scopes beyond the administrator's reach; for a follow-up
    also not-found, recalled and acknowledgement-not-requested.
    """
    named: dict[str, list[str]] = {}
    for level, external_id in choice.unknown:
        named.setdefault(f"{level}s", []).append(f"Unknown {level}: {external_id}.")
    if named or invalid:
        raise errors.validation_failed({**({"audience": named} if named else {}), **(invalid or {})})
    if choice.follow_up is not None:
        _check_follow_up(choice, choice.follow_up)
    beyond = [target for target in choice.targets if not choice.reach.covers(target)]
    if beyond:
        for target in beyond:
            field = "everyone" if target.level == "platform" else f"{target.level}s"
            named.setdefault(field, []).append(f"Beyond your reach: {target.external_id}.")
        names = errors.listed([target.external_id for target in beyond])
        raise errors.HubError("audience-out-of-reach", f"You do not administer: {names}.", errors={"audience": named})
