"""Why a person has a message or does not have it, in one sentence. Pure: made from what cli.store.explain read.

The directory keeps versions, not times. Sentences name versions, with the time of their import if the audit trail still has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.output import count, moment, one_line
from cli.store.explain import Delivery, Followed, Membership, User
from services.fanout_worker.domain.proof import Message, Target

DELIVERED = "delivered"
IN_FLIGHT = "in-flight"
MISSING = "missing"
RECALLED = "recalled"
EXPIRED = "expired"
DROPPED = "dropped"
UNEXPECTED = "unexpected"
JOINED_LATER = "joined-later"
LEFT_BEFORE = "left-before"
MOVED = "moved"
NOT_ACTIVE = "not-active"
OUTSIDE = "outside"
READ_BEFORE = "read-before"
ACKNOWLEDGED_BEFORE = "acknowledged-before"
FORGOTTEN = "forgotten"

_NAMED = 3
_WRONG = "which is wrong (docs/operations/daily.md says how to remove it)"


@dataclass(frozen=True)
class Facts:
    """`is_in_bell`: the inbox API shows it to them, in their bell or as expired. `imported_at`: times of directory versions.

    `followed`: of a follow-up.
    """

    message: Message
    dropped_before: datetime | None
    user: User
    memberships: Sequence[Membership]
    imported_at: Mapping[int, datetime]
    delivery: Delivery
    is_in_bell: bool
    followed: Sequence[Followed] = ()

    @property
    def was_written(self) -> bool:
        """Whether they have an entry, or had one until it was dropped."""
        return self.delivery.has_entry or (self.message.entries_dropped and bool(self.delivery.batch_is_delivered))


@dataclass(frozen=True)
class Explanation:
    """`through`: the memberships by which they are a recipient, in words; empty where they are none."""

    outcome: str
    sentence: str
    through: tuple[str, ...] = ()

    @property
    def is_as_it_should_be(self) -> bool:
        return self.outcome not in (MISSING, UNEXPECTED)


def explain(facts: Facts) -> Explanation:
    through = tuple(
        _as(membership) + ("" if membership.level == target.level else f" (the sender chose {target})")
        for target in facts.message.targets
        for membership in _valid(facts.memberships, facts.message.directory_version)
        if _is_inside(membership, target)
    )
    excluded = _why_excluded(facts) if through else None
    outcome, what = _why(facts, _listed(through)) if through and excluded is None else _why_not(facts, excluded)
    return Explanation(outcome, f"{facts.user.external_id} {what}.", () if excluded else through)


def _why(facts: Facts, through: str) -> tuple[str, str]:
    """The outcome for a recipient, and the sentence after their name."""
    message, delivery = facts.message, facts.delivery
    if message.recalled_at is not None:
        had = "inbox until then" if facts.was_written else "bell until then, and it was never written"
        recalled = f"but {message.recalled_by} recalled it at {moment(message.recalled_at)}: they had it in their {had}"
        return RECALLED, f"was a recipient, {through}, {recalled}; {_done(delivery)}"
    if message.entries_dropped:
        dropped = f"what was sent before {moment(facts.dropped_before)} is past the retention and in no bell any more"
        return DROPPED, f"was a recipient, {through}, but {dropped}"
    if delivery.has_entry and delivery.other_sent_at:
        twice = f"and once more as of {moment(delivery.other_sent_at)}, {_WRONG}"
        return UNEXPECTED, f"has it in their inbox, {through}, {twice}; {_done(delivery)}"
    if message.is_expired and facts.is_in_bell:
        written = "" if delivery.has_entry else f", though it is not written yet: {_waits(facts)}"
        return (
            EXPIRED,
            f"had it in their bell, {through}, until it expired at {moment(message.expires_at)}{written}; {_done(delivery)}",
        )
    if delivery.has_entry:
        return DELIVERED, f"has it in their inbox, {through}; {_done(delivery)}"
    if facts.is_in_bell:
        waits = f"though it is not written yet: {_waits(facts)}"
        return IN_FLIGHT, f"has it in their bell, {through}, {waits}; {_done(delivery)}"
    repair = f"`message-hub verify {message.id} --repair` delivers it"
    if delivery.is_pending:
        repair = f"{_waits(facts)}, and a worker will write it"
    return MISSING, f"should have it, {through}, and has not: {repair}"


def _waits(facts: Facts) -> str:
    delivery = facts.delivery
    if delivery.batch is None:
        return "the audience is not cut into batches yet" if delivery.is_pending else "no batch contains them"
    if delivery.batch_is_delivered:
        return f"batch {delivery.batch} is marked as delivered, so `message-hub verify` reports it as missing"
    error = f", last error: {one_line(delivery.batch_error)}" if delivery.batch_error else ""
    return f"batch {delivery.batch} is not delivered yet ({count(delivery.batch_attempts, 'retry', 'retries')}{error})"


def _why_excluded(facts: Facts) -> tuple[str, str] | None:
    """Why a follow-up or notice does not go to a person in its audience; None where it does."""
    role, targets = facts.message.recipient_role, {target.scope_id for target in facts.message.targets}
    then = _valid(facts.memberships, facts.message.directory_version)
    if role is not None and not any(one.role == role and one.scope_id in targets for one in then):
        return OUTSIDE, f"it goes to the {role}s of {_listed(map(str, facts.message.targets))} only"
    for one in facts.followed:
        if one.done_at is not None:
            outcome, done = (READ_BEFORE, "read") if one.only == "unread" else (ACKNOWLEDGED_BEFORE, "acknowledged")
            return outcome, f"they had {done} message {one.earlier_id}, which it follows, at {moment(one.done_at)}"
        if not one.was_active:
            return NOT_ACTIVE, f"they were not active any more in {_version(facts, one.active_version)}"
    forgotten = [one for one in facts.followed if one.is_forgotten]
    if forgotten and not facts.delivery.has_entry:
        return (
            FORGOTTEN,
            f"whether they had read message {forgotten[0].earlier_id}, which it follows, is past the retention",
        )
    return None


def _why_not(facts: Facts, excluded: tuple[str, str] | None) -> tuple[str, str]:
    """The outcome for a person who is no recipient, and the sentence after their name."""
    message, delivery = facts.message, facts.delivery
    is_active = _valid([one for one in facts.memberships if one.level == "platform"], message.directory_version)
    outcome, reason = excluded or (_why_outside(facts) if is_active else _why_not_active(facts))
    accepted = f"the message was accepted at {moment(message.sent_at)}, as of version {message.directory_version}"
    if message.follows is not None:
        accepted = f"it was accepted at {moment(message.sent_at)} for recipients of message {message.follows}"
    if outcome == FORGOTTEN:
        return outcome, f"has no entry: {reason}, and {accepted}"
    if delivery.has_entry or delivery.other_sent_at:
        return UNEXPECTED, f"has it in their inbox, {_WRONG}: {reason}, and {accepted}; {_done(delivery)}"
    return outcome, f"did not get it: {reason}, and {accepted}"


def _why_outside(facts: Facts) -> tuple[str, str]:
    version = facts.message.directory_version
    then = [one for one in _valid(facts.memberships, version) if one.level != "platform"]
    was = f"they belonged to {_listed(map(str, then)) or 'no organisation and no clinic'} then"
    reached = [one for one in facts.memberships if any(_is_inside(one, target) for target in facts.message.targets)]
    before = [one for one in reached if not one.valid_from_version > version]
    later = [one for one in reached if one.valid_from_version > version]
    if moved := [one for one in reached if one.scope_id in {other.scope_id for other in then}]:
        one = moved[-1]
        what, when = ("came to", one.valid_from_version) if one in later else ("had left", one.valid_to_version)
        scope = f"{one.level} {one.external_id}"
        return MOVED, f"{scope} {what} {one.container} in {_version(facts, when)}, {was}"
    if before:
        again = f" and came back in {_version(facts, later[0].valid_from_version)}" if later else ""
        return LEFT_BEFORE, f"they left {before[-1]} in {_version(facts, before[-1].valid_to_version)}{again}, {was}"
    if later:
        return JOINED_LATER, f"they joined {later[0]} only in {_version(facts, later[0].valid_from_version)}, {was}"
    return OUTSIDE, f"the sender chose {_listed(map(str, facts.message.targets))}, {was}"


def _why_not_active(facts: Facts) -> tuple[str, str]:
    version = facts.message.directory_version
    active = [one for one in facts.memberships if one.level == "platform"]
    ended = [one.valid_to_version for one in active if one.valid_from_version <= version]
    begun = [one.valid_from_version for one in active if one.valid_from_version > version]
    since, until = (_version(facts, versions[-1] if versions else None) for versions in (ended, begun[:1]))
    if ended and begun:
        return NOT_ACTIVE, f"they were not active from {since} until {until}"
    if begun:
        return JOINED_LATER, f"they joined the platform, or became active, only in {until}"
    if ended:
        return NOT_ACTIVE, f"they have not been active since {since} (now: {facts.user.status})"
    return NOT_ACTIVE, f"they are {facts.user.status} and were never active"


def _done(delivery: Delivery) -> str:
    """What they did with it."""
    times = {"seen": delivery.seen_at, "read": delivery.read_at, "archived": delivery.archived_at}
    return ", ".join(f"{what} at {moment(at)}" for what, at in times.items() if at is not None) or "not seen yet"


def _version(facts: Facts, number: int | None) -> str:
    at = None if number is None else facts.imported_at.get(number)
    return f"directory version {number}" + (f" ({moment(at)})" if at else "")


def _is_inside(membership: Membership, target: Target) -> bool:
    """Whether the membership is of the target or of a scope inside it."""
    return target.scope_id in (membership.scope_id, membership.container_id)


def _valid(memberships: Sequence[Membership], version: int) -> list[Membership]:
    return [
        one
        for one in memberships
        if one.valid_from_version <= version and (one.valid_to_version is None or one.valid_to_version > version)
    ]


def _as(membership: Membership) -> str:
    if membership.level == "platform":
        return f"like everyone on platform {membership.external_id}"
    article = "an" if membership.role == "administrator" else "a"
    return f"as {article} {membership.role} of {membership}"


def _listed(things: Iterable[str]) -> str:
    """The first few, each once."""
    unique = list(dict.fromkeys(things))
    if len(unique) <= _NAMED:
        return " and ".join(unique)
    return f"{', '.join(unique[:_NAMED])} and {len(unique) - _NAMED} more"
