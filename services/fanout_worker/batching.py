"""How an audience is cut into batches by ranges of user ids. Pure: what is in a range, it asks.

The audience is walked upwards in windows of ids. A window is as wide as the ids before it were sparse, so that one question reads
about one batch, whether the audience is every id or one in a thousand: a choice of scopes must be read and sorted to the end of the
window before its first people are known, and windows twice too wide cost four times as much. Nothing ever reads the whole audience.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Slice:
    """How many of the audience were found, counting stops at the limit; last_user_id is the highest id counted."""

    count: int
    last_user_id: int


@dataclass(frozen=True)
class Batch:
    """The part of an audience with after_user_id < user id <= up_to_user_id."""

    after_user_id: int
    up_to_user_id: int
    recipient_count: int


@dataclass(frozen=True)
class Cut:
    """The batches of one step, and whether the audience ends with them."""

    batches: tuple[Batch, ...]
    is_whole: bool


# Batches come in such a number that two workers end together, or four.
_MULTIPLE = 4


def size(people: int, *, largest: int) -> int:
    """How large to make the batches of about so many people: all in one, or equal ones, a multiple of four in number.

    With batches of just the largest size, 100,000 people were three of them for two workers: one worker idle a third of the time.
    """
    if people <= largest:
        return largest
    rounds = -(-people // (_MULTIPLE * largest))
    return -(-people // (_MULTIPLE * rounds))


# measure(after_user_id, up_to_user_id, limit): the first `limit` of the audience in that range
Measure = Callable[[int, int, int], Slice]


# From when on a batch is full enough: to ask again for the few people still missing would cost more than they save.
_ENOUGH = 0.75
# How much wider a window may be than the one before: where the next ids are dense, too wide a one is paid for in vain.
_GROWTH = 8


def cut(
    measure: Measure,
    *,
    after_user_id: int,
    last_user_id: int,
    batch_size: int,
    is_time_up: Callable[[], bool],
) -> Cut:
    """The batches of the ids above after_user_id, in order, each of at most batch_size people and none empty.

    The first is as full as can be, so that an audience of one batch is never two. Ends early once `is_time_up`, with a smaller
    batch if need be, but not before there is one: what the batches cover is all that the next step knows of this one.
    """
    batches: list[Batch] = []
    begun, position, pending = after_user_id, after_user_id, 0
    window = batch_size
    while position < last_user_id and not (is_time_up() and (batches or pending)):
        asked_from, end = position, min(position + window, last_user_id)
        found = measure(position, end, batch_size - pending)
        pending += found.count
        position = found.last_user_id if pending == batch_size else end
        if pending >= (_ENOUGH if batches else 1) * batch_size:
            batches.append(Batch(begun, position, pending))
            begun, pending = position, 0
        window = _window(position - asked_from, found.count, batch_size - pending)
    if pending:
        batches.append(Batch(begun, position, pending))
    return Cut(tuple(batches), is_whole=position >= last_user_id)


def _window(width: int, count: int, wanted: int) -> int:
    """How many ids to ask about for `wanted` people, after `count` were found among the `width` ids before."""
    widest = _GROWTH * width
    return min(widest, -(-wanted * width // count)) if count else widest


class WrongCountError(Exception):
    """A batch would have been written to other people than were counted: never expected, never committed."""


def check_written(batch: Batch, written: int) -> None:
    """Raises `WrongCountError` unless just as many entries were written as people counted; roll back then."""
    if written != batch.recipient_count:
        raise WrongCountError(f"{written} entries for {batch.recipient_count} recipients")
