"""Whether a message reached exactly its recipients: what is compared, and the report on it.

The recipients are computed again from the directory as of the message's version. The batches only say where to cut the ids
into windows, and what workers will still write.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.fanout_worker.domain.acknowledgements import Acknowledgements
from services.fanout_worker.domain.model import Batch
from shared import audience

# Ids compared in one statement where no batch ends before: some 50 ms, and it fits PostgreSQL's work_mem.
WIDEST = 50_000
# At most so many batches are named in a kind of disagreement.
_NAMED = 5


@dataclass(frozen=True)
class Window:
    """A range of user ids inside one batch, or outside of all (`seq` is None)."""

    after_user_id: int
    up_to_user_id: int
    seq: int | None


EVERYONE = Window(audience.NO_USER, audience.LAST_USER, None)


@dataclass(frozen=True)
class Target:
    """A chosen scope. `is_in_flight`: its users see the message although it is not written."""

    scope_id: int
    level: str
    external_id: str
    is_in_flight: bool

    def __str__(self) -> str:
        return "everyone" if self.level == "platform" else f"{self.level} {self.external_id}"


@dataclass(frozen=True)
class Message:
    """A message as an operator sees it at one moment, without its words. `status` is `recalled` once it was recalled.

    `batches` and `undelivered` count its batches, `last_user_id` is the highest id of all users.
    """

    id: uuid.UUID
    platform_id: int
    platform: str
    sender: str
    status: str
    directory_version: int
    follows: uuid.UUID | None
    request_id: str
    created_at: datetime
    sent_at: datetime
    completed_at: datetime | None
    recalled_at: datetime | None
    recalled_by: str | None
    recipient_count: int | None
    delivered_count: int
    batches: int
    undelivered: int
    expand_published_at: datetime | None
    expand_attempts: int
    last_error: str | None
    expires_at: datetime | None
    is_expired: bool
    entries_dropped: bool
    last_user_id: int
    targets: Sequence[Target]
    recipient_role: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether what is unwritten stays unwritten."""
        return self.status == "recalled" or self.entries_dropped

    @property
    def is_counted_only(self) -> bool:
        """Whether the batches alone still say how many recipients it had: its entries and who had read the earlier message are dropped."""
        return self.follows is not None and self.entries_dropped

    @property
    def audience(self) -> audience.Audience:
        scope_ids = sorted(target.scope_id for target in self.targets)
        return audience.Audience(scope_ids, self.directory_version, self.follows and self.id, self.recipient_role)


@dataclass(frozen=True)
class Found:
    """The recipients in one window, in one snapshot. `pending`: not written, and workers will; `absent`: not written, and none will.

    `early`: written although its batch is not marked as delivered. `absent_ids` are the lowest few.
    """

    planned: int
    delivered: int
    pending: int
    absent: int
    early: int
    absent_ids: Sequence[int] = ()


@dataclass(frozen=True)
class Strays:
    """Rows that should not exist. `unexpected`: entries of people outside the audience, or under another time than the message's.

    `unexpected_ids` are the lowest few of their users. `states`: states without an entry, once everything is written.
    """

    unexpected: int = 0
    unexpected_ids: Sequence[int] = ()
    states: int = 0


# The numbers of a report.
COUNTS = ("planned", "delivered", "pending", "withheld", "missing", "unexpected")


@dataclass(frozen=True)
class Report:
    """`planned` = `delivered` + `pending` + `missing` + `withheld`.

    `withheld`: never written, because the message was recalled or its entries were dropped. `disagreements`: sentences about
    rows that contradict each other. `lacking`: the windows in which entries are missing.
    """

    message: Message
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
        """Nothing is missing, unexpected or contradictory; something may be pending."""
        return not (self.missing or self.unexpected or self.disagreements)

    @property
    def verdict(self) -> str:
        """`fails`; or, where everything holds, `recalled`, `dropped`, `pending` or `holds`."""
        if not self.holds:
            return "fails"
        if self.message.status == "recalled":
            return "recalled"
        if self.message.entries_dropped:
            return "dropped"
        return "pending" if self.pending or self.message.status != "sent" else "holds"


def found_in_batches(batches: Sequence[Batch]) -> list[tuple[Window, Found]]:
    """The recipients as the batches count them, none of whom has an entry any more."""
    return [
        (
            Window(one.after_user_id, one.up_to_user_id, one.seq),
            Found(planned=one.recipient_count, delivered=0, pending=0, absent=one.recipient_count, early=0),
        )
        for one in batches
    ]


def windows(batches: Sequence[Batch], last_user_id: int) -> Iterator[Window]:
    """All possible ids, each once and in order, cut where batches end and at `WIDEST`."""
    position = audience.NO_USER
    for batch in sorted(batches, key=lambda one: (one.after_user_id, one.up_to_user_id)):
        yield from _split(position, batch.after_user_id, None)
        position = max(position, batch.after_user_id)
        yield from _split(position, batch.up_to_user_id, batch.seq)
        position = max(position, batch.up_to_user_id)
    yield from _split(position, last_user_id, None)
    yield Window(max(position, last_user_id), audience.LAST_USER, None)


def _split(after: int, up_to: int, seq: int | None) -> Iterator[Window]:
    while after < up_to:
        end = min(after + WIDEST, up_to)
        yield Window(after, end, seq)
        after = end


def sum_up(
    message: Message,
    batches: Sequence[Batch],
    found: Sequence[tuple[Window, Found]],
    strays: Strays,
    *,
    limit: int,
    acknowledged: Acknowledgements | None = None,
) -> Report:
    """The report; at most `limit` ids of each kind. `acknowledged` is None where no acknowledgement is to be checked."""
    absent = sum(one.absent for _, one in found)
    pending = sum(one.pending for _, one in found)
    planned = sum(one.planned for _, one in found)
    is_final = message.is_final
    return Report(
        message=message,
        planned=planned,
        delivered=sum(one.delivered for _, one in found),
        pending=0 if is_final else pending,
        missing=0 if is_final else absent,
        withheld=absent + pending if is_final else 0,
        unexpected=strays.unexpected,
        disagreements=(
            *_of_message(message, batches, planned),
            *_of_batches(message, batches, found),
            *([f"{strays.states} states belong to no entry, so counts are wrong"] if strays.states else []),
            *([] if acknowledged is None else acknowledged.disagreements(planned)),
        ),
        missing_ids=[] if is_final else [user_id for _, one in found for user_id in one.absent_ids][:limit],
        unexpected_ids=strays.unexpected_ids,
        lacking=[] if is_final else [window for window, one in found if one.absent],
    )


def _of_message(message: Message, batches: Sequence[Batch], planned: int) -> Iterator[str]:
    counted = message.recipient_count
    in_batches = sum(batch.recipient_count for batch in batches)
    in_flight = sum(target.is_in_flight for target in message.targets)
    if counted is not None and counted != planned:
        yield f"the message says {counted} recipients, the directory {planned}"
    if counted is not None and counted != in_batches:
        yield f"the message says {counted} recipients, its batches {in_batches} together"
    if message.status == "sent" and message.undelivered:
        yield f"the message says sent, {message.undelivered} of its batches do not say delivered"
    if message.status == "sent" and in_flight:
        yield f"the message says sent, {in_flight} of its targets are still in flight"
    if message.completed_at is None and message.recalled_at is None and in_flight != len(message.targets):
        yield (
            f"the message is not sent, yet only {in_flight} of its {len(message.targets)} targets are in flight: "
            "recipients without an entry do not see it yet"
        )


def _of_batches(message: Message, batches: Sequence[Batch], found: Sequence[tuple[Window, Found]]) -> Iterator[str]:
    planned: Counter[int | None] = Counter()
    early: Counter[int | None] = Counter()
    for window, one in found:
        planned[window.seq] += one.planned
        early[window.seq] += one.early
    wrong = [batch for batch in batches if batch.recipient_count != planned[batch.seq]]
    for batch in wrong[:_NAMED]:
        yield f"batch {batch.seq} says {batch.recipient_count} recipients, the directory has {planned[batch.seq]} there"
    if len(wrong) > _NAMED:
        yield f"so do {len(wrong) - _NAMED} more batches"
    if message.recipient_count is not None and planned[None]:
        yield f"no batch covers {planned[None]} of the recipients"
    for seq, count in [(seq, count) for seq, count in early.items() if count][:_NAMED]:
        where = "outside of all batches" if seq is None else f"of batch {seq}"
        yield f"{count} entries {where} are written before their batch is delivered: its worker will fail on them"
