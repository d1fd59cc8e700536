"""Whether everybody who should have a message has it, and nobody else: how it is looked over, and what is made of what was found.

Pure. Who should have it is worked out anew from the directory as of the message's version; the batches only say where to cut
the ids into windows, and what workers will still write by themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared import audience

# Ids looked at in one statement where no batch ends before: some 50 ms, and what PostgreSQL keeps of it fits its memory.
WIDEST = 50_000
# Of each kind of disagreement so many are named.
_NAMED = 5


@dataclass(frozen=True)
class Batch:
    """A row of the plan: the people with after_user_id < id <= up_to_user_id."""

    seq: int
    after_user_id: int
    up_to_user_id: int
    recipient_count: int
    is_delivered: bool


@dataclass(frozen=True)
class Window:
    """A range of user ids inside one batch, or outside of all (`seq` is None)."""

    after_user_id: int
    up_to_user_id: int
    seq: int | None


@dataclass(frozen=True)
class Found:
    """What one window held, all of one moment. `pending`: not written, and workers will; `absent`: not written, and none will.

    `unexpected`: entries of people who should not have it, and those that stand under another time than the message's. `early`:
    written although its batch says it is not. The ids are the lowest few.
    """

    planned: int
    delivered: int
    pending: int
    absent: int
    unexpected: int
    early: int
    absent_ids: Sequence[int] = ()
    unexpected_ids: Sequence[int] = ()


@dataclass(frozen=True)
class Facts:
    """What is said of the message, all of one moment."""

    platform: str
    sent_at: datetime
    status: str
    recipient_count: int | None
    is_recalled: bool
    is_expired: bool
    target_count: int
    in_flight_count: int
    last_user_id: int
    batches: Sequence[Batch]


@dataclass(frozen=True)
class Report:
    """What came out. `planned` = `delivered` + `pending` + `missing` + `withheld`.

    `withheld`: unwritten for good, because the message was recalled or its entries have been dropped. `disagreements`: where what
    the hub says of the message is not what its rows are, a sentence each. `lacking`: the windows in which somebody is missing.
    """

    facts: Facts
    planned: int
    delivered: int
    pending: int
    missing: int
    withheld: int
    unexpected: int
    disagreements: Sequence[str]
    missing_ids: Sequence[int]
    unexpected_ids: Sequence[int]
    lacking: Sequence[Window] = field(repr=False)

    @property
    def holds(self) -> bool:
        """Nobody is missing, nobody has it who should not, and nothing is said that is not so. What is pending may well be."""
        return not (self.missing or self.unexpected or self.disagreements)

    @property
    def verdict(self) -> str:
        """`fails`; or, where everything holds, `recalled`, `expired`, `pending` or `holds`."""
        if not self.holds:
            return "fails"
        if self.facts.is_recalled:
            return "recalled"
        if self.facts.is_expired:
            return "expired"
        return "pending" if self.pending or self.facts.status != "sent" else "holds"


def windows(batches: Sequence[Batch], last_user_id: int) -> Iterator[Window]:
    """All ids there can be, each once and in order, cut where batches end and where there would be too many."""
    position = audience.NO_USER
    for batch in sorted(batches, key=lambda one: (one.after_user_id, one.up_to_user_id)):
        yield from _split(position, batch.after_user_id, None)
        position = max(position, batch.after_user_id)
        yield from _split(position, batch.up_to_user_id, batch.seq)
        position = max(position, batch.up_to_user_id)
    yield from _split(position, last_user_id, None)
    # Nobody has such an id, so nobody should have an entry under it either.
    yield Window(max(position, last_user_id), audience.LAST_USER, None)


def _split(after: int, up_to: int, seq: int | None) -> Iterator[Window]:
    while after < up_to:
        end = min(after + WIDEST, up_to)
        yield Window(after, end, seq)
        after = end


def sum_up(facts: Facts, found: Sequence[tuple[Window, Found]], *, limit: int) -> Report:
    """The report; at most `limit` people of each kind."""
    is_final = facts.is_recalled or facts.is_expired
    absent = sum(one.absent for _, one in found)
    pending = sum(one.pending for _, one in found)
    planned = sum(one.planned for _, one in found)
    missing_ids = [user_id for _, one in found for user_id in one.absent_ids]
    return Report(
        facts=facts,
        planned=planned,
        delivered=sum(one.delivered for _, one in found),
        pending=0 if is_final else pending,
        missing=0 if is_final else absent,
        withheld=absent + pending if is_final else 0,
        unexpected=sum(one.unexpected for _, one in found),
        disagreements=(*_of_message(facts, planned), *_of_batches(facts, found)),
        missing_ids=[] if is_final else missing_ids[:limit],
        unexpected_ids=[user_id for _, one in found for user_id in one.unexpected_ids][:limit],
        lacking=[] if is_final else [window for window, one in found if one.absent],
    )


def _of_message(facts: Facts, planned: int) -> Iterator[str]:
    undelivered = sum(not batch.is_delivered for batch in facts.batches)
    in_batches = sum(batch.recipient_count for batch in facts.batches)
    if facts.recipient_count is not None and facts.recipient_count != planned:
        yield f"the message says {facts.recipient_count} recipients, the directory {planned}"
    if facts.recipient_count is not None and facts.recipient_count != in_batches:
        yield f"the message says {facts.recipient_count} recipients, its batches {in_batches} together"
    if facts.status == "sent" and undelivered:
        yield f"the message says sent, {undelivered} of its batches do not say delivered"
    if facts.status == "sent" and facts.in_flight_count:
        yield f"the message says sent, {facts.in_flight_count} of its targets are still in flight"
    waits = facts.status != "sent" and not facts.is_recalled
    if waits and facts.in_flight_count != facts.target_count:
        yield (
            f"the message is not sent, yet only {facts.in_flight_count} of its {facts.target_count} targets are in flight: "
            "bells do not show it to everyone until it is written"
        )


def _of_batches(facts: Facts, found: Sequence[tuple[Window, Found]]) -> Iterator[str]:
    planned: dict[int | None, int] = {}
    early: dict[int | None, int] = {}
    for window, one in found:
        planned[window.seq] = planned.get(window.seq, 0) + one.planned
        early[window.seq] = early.get(window.seq, 0) + one.early
    wrong = [batch for batch in facts.batches if batch.recipient_count != planned.get(batch.seq, 0)]
    for batch in wrong[:_NAMED]:
        yield (
            f"batch {batch.seq} says {batch.recipient_count} recipients, the directory has {planned.get(batch.seq, 0)} there"
        )
    if len(wrong) > _NAMED:
        yield f"so do {len(wrong) - _NAMED} more batches"
    if facts.recipient_count is not None and planned.get(None):
        yield f"no batch covers {planned[None]} of the recipients"
    for seq, count in [(seq, count) for seq, count in early.items() if count][:_NAMED]:
        where = "outside of all batches" if seq is None else f"of batch {seq}"
        yield f"{count} entries {where} are written before their batch is delivered: its worker will be refused by them"
