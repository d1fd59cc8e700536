"""Cuts an audience into batches by ranges of user ids. The caller passes the function that counts the users in a range.

The recipients are read upwards in windows of ids. The width of a window follows the density of the ids before it, so that one query reads
about one batch, whether the audience is every id or one in a thousand: the users of several scopes must be read and sorted to the end
of the window before the first are known, and windows twice too wide cost four times as much. No query reads the whole audience. The
recipients of a follow-up are found among all of the earlier message's, so its windows have a greatest width.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.fanout_worker.domain.model import Batch
from shared.audience import LAST_USER


@dataclass(frozen=True)
class Slice:
    """The number of users found, at most the limit, and the highest id among them."""

    count: int
    last_user_id: int


@dataclass(frozen=True)
class Cut:
    """The batches of one step, and whether the audience ends with them."""

    batches: tuple[Batch, ...]
    is_whole: bool


# The number of batches is a multiple of four, so that two or four workers finish together.
_MULTIPLE = 4


def size(users: int, *, largest: int) -> int:
    """The batch size for about so many users: one batch, or equal batches, a multiple of four.

    With the largest size, 100,000 users were three batches for two workers, and one worker was idle a third of the time.
    """
    if users <= largest:
        return largest
    rounds = -(-users // (_MULTIPLE * largest))
    return -(-users // (_MULTIPLE * rounds))


# count(after_user_id, up_to_user_id, limit): the first `limit` users of the audience in that range
Count = Callable[[int, int, int], Slice]


# The share of its size at which a batch is complete: another query for the few users that are left costs more than it saves.
_ENOUGH = 0.75
# How much wider a window may be than the one before it: where the next ids are dense, a wide window reads too much.
_GROWTH = 8


def cut(
    count: Count,
    *,
    first_seq: int,
    after_user_id: int,
    last_user_id: int,
    batch_size: int,
    is_time_up: Callable[[], bool],
    widest: int = LAST_USER,
) -> Cut:
    """The batches of the ids above after_user_id, in order, each of 1 to batch_size users.

    The first batch is filled to its size, so that an audience of one batch is never cut into two. Ends early once `is_time_up`, with a
    smaller batch if necessary, but not before the first: the next step begins where the batches end.
    """
    batches: list[Batch] = []
    begin, position, pending = after_user_id, after_user_id, 0
    window = batch_size
    while position < last_user_id and not (is_time_up() and (batches or pending)):
        asked_from, end = position, min(position + window, last_user_id)
        found = count(position, end, batch_size - pending)
        pending += found.count
        position = found.last_user_id if pending == batch_size else end
        if pending >= (_ENOUGH if batches else 1) * batch_size:
            batches.append(Batch(first_seq + len(batches), begin, position, pending))
            begin, pending = position, 0
        window = min(widest, _window(position - asked_from, found.count, batch_size - pending))
    if pending:
        batches.append(Batch(first_seq + len(batches), begin, position, pending))
    return Cut(tuple(batches), is_whole=position >= last_user_id)


def _window(width: int, count: int, wanted: int) -> int:
    """The number of ids that hold about `wanted` users, when the `width` ids before held `count`."""
    widest = _GROWTH * width
    return min(widest, -(-wanted * width // count)) if count else widest


class WrongCountError(Exception):
    """More or fewer entries were written than users counted: a bug; roll back."""


def check_written(batch: Batch, written: int) -> None:
    """Raises `WrongCountError` unless as many entries were written as users were counted."""
    if written != batch.recipient_count:
        raise WrongCountError(f"{written} entries for {batch.recipient_count} recipients")
