"""How an audience is cut into batches by ranges of user ids. Pure: what is in a range, it asks.

The audience is walked upwards in windows of ids. A window is as wide as the audience seems sparse, so that one question costs
about one batch, whether the audience is every id or one in a thousand. Nothing ever reads the whole audience at once.
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


# measure(after_user_id, up_to_user_id, limit): the first `limit` of the audience in that range
Measure = Callable[[int, int, int], Slice]


def cut(
    measure: Measure,
    *,
    after_user_id: int,
    last_user_id: int,
    batch_size: int,
    is_time_up: Callable[[], bool],
) -> Cut:
    """The batches of the ids above after_user_id, in order, each of at most batch_size people and none empty.

    Ends early once `is_time_up`, with a smaller batch if need be, but not before there is one: what the batches cover is all
    that the next step knows of this one.
    """
    batches: list[Batch] = []
    begun, position, pending = after_user_id, after_user_id, 0
    window = 4 * batch_size
    while position < last_user_id and not (is_time_up() and (batches or pending)):
        end = min(position + window, last_user_id)
        found = measure(position, end, batch_size - pending)
        pending += found.count
        if pending == batch_size:
            batches.append(Batch(begun, found.last_user_id, pending))
            window = max(batch_size, 2 * (found.last_user_id - begun))
            begun, position, pending = found.last_user_id, found.last_user_id, 0
        else:
            position = end
            if found.count * 4 < batch_size:
                window *= 2
    if pending:
        batches.append(Batch(begun, position, pending))
    return Cut(tuple(batches), is_whole=position >= last_user_id)


class WrongCountError(Exception):
    """A batch would have been written to other people than were counted: never expected, never committed."""


def check_written(batch: Batch, written: int) -> None:
    """Raises `WrongCountError` unless just as many entries were written as people counted; roll back then."""
    if written != batch.recipient_count:
        raise WrongCountError(f"{written} entries for {batch.recipient_count} recipients")
