"""What Redis knows of the queues, for the sweep: whether it was emptied, and since when the oldest task waits."""

import json
from datetime import UTC, datetime

import redis

from shared import contracts

# The one key of ours beside the queues, set by the first sweep. Gone means that Redis was emptied, and with it every task that waited.
FILLED_KEY = "message_hub:queues_filled"
_FILLING = b"filling"


class Queues:
    """The broker as the sweep sees it."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def was_emptied(self) -> bool:
        """Also where a sweep that saw it did not come to its end."""
        return self._client.get(FILLED_KEY) in (None, _FILLING)

    def mark_filling(self) -> None:
        self._client.set(FILLED_KEY, _FILLING)

    def mark_filled(self) -> None:
        """Only what `mark_filling` has left: emptied again since then, it stays emptied, and the next sweep sees it."""
        self._client.set(FILLED_KEY, "filled", xx=True)

    def waiting_since(self, queue: str) -> datetime | None:
        """When the oldest task waiting in `queue` was published; None when none waits.

        kombu takes from the right end of the list. A task without our header (put back, to be tried again, or of somebody else)
        counts as having waited for ever: it will be taken any moment, and until then nothing behind it is called lost.
        """
        oldest = self._client.lindex(queue, -1)
        return None if oldest is None else datetime.fromtimestamp(_published_at(oldest), UTC)


def _published_at(task: str | bytes) -> float:
    try:
        return float(json.loads(task)["headers"][contracts.PUBLISHED_AT_HEADER])
    except (ValueError, TypeError, KeyError):
        return 0.0
