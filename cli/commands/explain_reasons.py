"""Why a person has a message or does not have it, in one sentence. Pure: made from what cli.store.explain read.

The directory keeps versions, not times. Sentences name versions, with the time of their import if the audit trail still has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.output import count, moment, one_line
from cli.store.explain import Batch, Membership, Message, User, Written
from cli.store.messages import Target

DELIVERED = "delivered"
IN_FLIGHT = "in-flight"
MISSING = "missing"
RECALLED = "recalled"
EXPIRED = "expired"
UNEXPECTED = "unexpected"
JOINED_LATER = "joined-later"
LEFT_BEFORE = "left-before"
MOVED = "moved"
NOT_ACTIVE = "not-active"
OUTSIDE = "outside"

_NAMED = 3
_ADVICE = "docs/operations/daily.md says how to remove it"


@dataclass(frozen=True)
class Facts:
    message: Message
    targets: Sequence[Target]
    user: User
    memberships: Sequence[Membership]
    imported_at: Mapping[int, datetime]
    written: Written
    batch: Batch | None

    def version(self, number: int | None) -> str:
        """A version of the directory, in words."""
        at = None if number is None else self.imported_at.get(number)
        return f"directory version {number}" + (f" ({moment(at)})" if at else "")


@dataclass(frozen=True)
class Explanation:
    """`through`: by which memberships they were reached, in words; empty where they were not."""

    outcome: str
    sentence: str
    through: tuple[str, ...] = ()

    @property
    def is_as_it_should_be(self) -> bool:
        return self.outcome not in (MISSING, UNEXPECTED)


def explain(facts: Facts) -> Explanation:
    through = _through(facts)
    who = facts.user.external_id
    if not through:
        outcome, reason = _why_not(facts)
        if facts.written.has_entry or facts.written.other_sent_at:
            sentence = f"{who} has it and should not ({_ADVICE}), for {who} {reason}; {_done(facts.written)}."
            return Explanation(UNEXPECTED, sentence)
        return Explanation(outcome, f"{who} did not get it, for {who} {reason}.")
    outcome, what = _what_became(facts, _listed(through))
    return Explanation(outcome, f"{who} {what}.", through)


def _through(facts: Facts) -> tuple[str, ...]:
    then = _valid(facts.memberships, facts.message.directory_version)
    return tuple(
        _member(membership) + ("" if membership.level == target.level else f", for {_chosen(target)} was chosen")
        for target in facts.targets
        for membership in then
        if _matches(membership, target)
    )


def _what_became(facts: Facts, through: str) -> tuple[str, str]:
    """The outcome for a recipient, reached `through` what is said, and the rest of the sentence after their name."""
    message, written = facts.message, facts.written
    if message.recalled_at is not None:
        had = (
            "had it in their inbox by then" if written.has_entry else "had it in their bell only until then, unwritten"
        )
        return RECALLED, (
            f"was a recipient ({through}), but {message.recalled_by} recalled it at {moment(message.recalled_at)}: "
            f"{facts.user.external_id} {had}; {_done(written)}"
        )
    if message.is_expired:
        return EXPIRED, (
            f"was a recipient ({through}), but what was sent before {moment(message.dropped_before)} has expired: "
            "its entries were dropped with their month, and it is in no bell any more"
        )
    if written.has_entry and written.other_sent_at:
        return UNEXPECTED, (
            f"has it in their inbox, {through}, and once more as of {moment(written.other_sent_at)}, which should not be ({_ADVICE}); "
            f"{_done(written)}"
        )
    if written.has_entry:
        return DELIVERED, f"has it in their inbox, {through}; {_done(written)}"
    if message.is_in_flight and message.status != "sent":
        return (
            IN_FLIGHT,
            f"has it in their bell, {through}, though it is not written yet: {_waits(facts)}; {_done(written)}",
        )
    return MISSING, (f"should have it, {through}, and has not: `message-hub verify {message.id} --repair` delivers it")


def _waits(facts: Facts) -> str:
    if facts.batch is None:
        return (
            "the audience is not cut into batches yet"
            if facts.message.recipient_count is None
            else "no batch contains them"
        )
    if facts.batch.is_delivered:
        return f"batch {facts.batch.seq} is marked as delivered, so `message-hub verify` reports it as missing"
    error = f", last error: {one_line(facts.batch.last_error)}" if facts.batch.last_error else ""
    return f"batch {facts.batch.seq} is not delivered yet ({count(facts.batch.attempts, 'retry', 'retries')}{error})"


def _why_not(facts: Facts) -> tuple[str, str]:
    """The outcome for a person outside the audience, and the rest of the sentence after their name."""
    version = facts.message.directory_version
    accepted = f"the message was accepted at {moment(facts.message.sent_at)}, as of version {version}"
    if not _valid([one for one in facts.memberships if one.level == "platform"], version):
        return _why_not_active(facts, accepted)
    reached = [one for one in facts.memberships if any(_matches(one, target) for target in facts.targets)]
    then = [one for one in _valid(facts.memberships, version) if one.level != "platform"]
    was = f"then belonged to {_listed([_place(one) for one in then]) if then else 'no organisation and no clinic'}"
    for other in then:
        moved = [one for one in reached if one.scope_id == other.scope_id]
        if moved:
            then_there = moved[-1]
            came_later = then_there.valid_from_version > version
            when = then_there.valid_from_version if came_later else then_there.valid_to_version
            what = f"came to {then_there.container} only in" if came_later else f"had left {then_there.container} in"
            scope = f"{then_there.level} {then_there.external_id}"
            return MOVED, f"{was}: {scope} {what} {facts.version(when)}, and {accepted}"
    later = [one for one in reached if one.valid_from_version > version]
    before = [one for one in reached if one.valid_to_version is not None and one.valid_to_version <= version]
    if before:
        left = before[-1]
        again = f", came back in {facts.version(later[0].valid_from_version)}" if later else ""
        return (
            LEFT_BEFORE,
            f"left {_place(left)} in {facts.version(left.valid_to_version)}{again}, and {accepted} ({was})",
        )
    if later:
        return JOINED_LATER, (
            f"joined {_place(later[0])} only in {facts.version(later[0].valid_from_version)}, and {accepted} ({was})"
        )
    chosen = _listed([_chosen(target) for target in facts.targets])
    return OUTSIDE, f"was outside its audience: the sender chose {chosen}, and {facts.user.external_id} {was}"


def _why_not_active(facts: Facts, accepted: str) -> tuple[str, str]:
    version = facts.message.directory_version
    active = [one for one in facts.memberships if one.level == "platform"]
    status = facts.user.status
    ended = [
        one.valid_to_version for one in active if one.valid_to_version is not None and one.valid_to_version <= version
    ]
    begun = [one.valid_from_version for one in active if one.valid_from_version > version]
    if ended and begun:
        return NOT_ACTIVE, (
            f"was not active from {facts.version(max(ended))} until {facts.version(min(begun))}, and {accepted}"
        )
    if begun:
        return (
            JOINED_LATER,
            f"joined the platform, or became active there, only in {facts.version(min(begun))}, and {accepted}",
        )
    if ended:
        return NOT_ACTIVE, f"has not been active since {facts.version(max(ended))} (now: {status}), and {accepted}"
    return NOT_ACTIVE, f"is {status} and was never active"


def _done(written: Written) -> str:
    """What they did with it."""
    times = [("seen", written.seen_at), ("read", written.read_at), ("archived", written.archived_at)]
    done = [f"{what} at {moment(at)}" for what, at in times if at is not None]
    return ", ".join(done) if done else "not seen yet"


def _matches(membership: Membership, target: Target) -> bool:
    """Whether the membership is of the target or of a scope inside it."""
    return target.scope_id in (membership.scope_id, membership.container_id)


def _valid(memberships: Sequence[Membership], version: int) -> list[Membership]:
    return [
        one
        for one in memberships
        if one.valid_from_version <= version and (one.valid_to_version is None or one.valid_to_version > version)
    ]


def _member(membership: Membership) -> str:
    if membership.level == "platform":
        return f"like everyone on platform {membership.external_id}"
    article = "an" if membership.role == "administrator" else "a"
    return f"as {article} {membership.role} of {_place(membership)}"


def _place(membership: Membership) -> str:
    inside = f" of {membership.container}" if membership.container else ""
    return f"{membership.level} {membership.external_id}{inside}"


def _chosen(target: Target) -> str:
    return "everyone" if target.level == "platform" else f"{target.level} {target.external_id}"


def _listed(things: Sequence[str]) -> str:
    """The first few, each once."""
    unique = list(dict.fromkeys(things))
    more = f" and {len(unique) - _NAMED} more" if len(unique) > _NAMED else ""
    return " and ".join(unique[:_NAMED]) + more if not more else ", ".join(unique[:_NAMED]) + more
