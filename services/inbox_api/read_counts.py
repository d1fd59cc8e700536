"""How many people have read each of the messages that administrators list. Knows no HTTP and no SQL.

PostgreSQL counts about ten million readers in a second, so a page of messages to a million people each takes a second and more. A count
is used again for a hundred times as long as it took, so that counting is a hundredth of the work at most, and never for more than
MAX_AGE_S. A small message is counted each time.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MAX_AGE_S = 60
# From this age on one request counts again; the others use the old count until it is too old.
_DUE_AFTER_S = 50
_TIMES = 100
# About 0.3 kB each.
_SIZE = 20_000


@dataclass
class _Kept:
    count: int
    counted_at: float
    due_at: float


class ReadCounts:
    """A cache for one process; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, size: int = _SIZE) -> None:
        self._clock = clock
        self._size = size
        self._kept: dict[uuid.UUID, _Kept] = {}
        self._lock = threading.Lock()

    def get(
        self, ids: Sequence[uuid.UUID], count: Callable[[Sequence[uuid.UUID]], Mapping[uuid.UUID, int]]
    ) -> dict[uuid.UUID, int]:
        """The numbers of readers of these messages; `count` counts those that are not kept."""
        began = self._clock()
        known, due = self._find(ids, now=began)
        if due:
            counted = count(due)
            self._keep(counted, counted_at=began, took_s=self._clock() - began)
            known.update(counted)
        return known

    def _find(self, ids: Sequence[uuid.UUID], *, now: float) -> tuple[dict[uuid.UUID, int], list[uuid.UUID]]:
        known, due = {}, []
        with self._lock:
            for one in ids:
                kept = self._kept.get(one)
                if kept is None or now - kept.counted_at > MAX_AGE_S:
                    due.append(one)
                elif now >= kept.due_at:
                    kept.due_at = kept.counted_at + MAX_AGE_S
                    due.append(one)
                else:
                    known[one] = kept.count
        return known, due

    def _keep(self, counts: Mapping[uuid.UUID, int], *, counted_at: float, took_s: float) -> None:
        due_at = counted_at + min(took_s * _TIMES, _DUE_AFTER_S)
        with self._lock:
            for one, count in counts.items():
                self._kept.pop(one, None)
                if len(self._kept) >= self._size:
                    del self._kept[next(iter(self._kept))]
                self._kept[one] = _Kept(count, counted_at, due_at)
