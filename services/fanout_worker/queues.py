"""The queues in Redis, for the sweep: whether Redis was emptied, and since when the oldest task waits."""

import json
from datetime import UTC, datetime

import redis

from shared import contracts

# Our only key beside the queues, set by the first sweep. If it is gone, Redis was emptied and every waiting task is lost.
FILLED_KEY = "message_hub:queues_filled"
_FILLING = b"filling"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Queues:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def was_emptied(self) -> bool:
        """True until a sweep that found it has published all tasks again."""
        return self._client.get(FILLED_KEY) in (None, _FILLING)

    def mark_filling(self) -> None:
        self._client.set(FILLED_KEY, _FILLING)

    def mark_filled(self) -> None:
        """Keeps the key absent if Redis was emptied again after `mark_filling`; the next sweep then publishes again."""
        self._client.set(FILLED_KEY, "filled", xx=True)

    def waiting_since(self, queue: str) -> datetime | None:
        """When the oldest task waiting in `queue` was published; None when the queue is empty.

        kombu takes from the right end of the list. A task without our header (a retry, or from another publisher) counts as the oldest
        possible: a worker takes it soon, and until then no task behind it counts as lost.
        """
        oldest = self._client.lindex(queue, -1)
        return None if oldest is None else _published_at(oldest)


def _published_at(task: str | bytes) -> datetime:
    try:
        return datetime.fromisoformat(json.loads(task)["headers"][contracts.PUBLISHED_AT_HEADER])
    except (ValueError, TypeError, KeyError):
        return _LONG_AGO
