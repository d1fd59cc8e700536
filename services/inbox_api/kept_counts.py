"""How many people have read or acknowledged each of the messages that administrators list. Knows no HTTP and no SQL.

PostgreSQL counts about ten million readers in a second, so a page of messages to a million people each takes a second and more. A count
is used again for a hundred times as long as it took, so that counting is a hundredth of the work at most, and never for more than
MAX_AGE_S. A small message is counted each time.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

MAX_AGE_S = 60
# From this age on one request counts again; the others use the old count until it is too old.
_DUE_AFTER_S = 50
_TIMES = 100
# About 0.3 kB each.
_SIZE = 20_000


Key = TypeVar("Key")
Count = TypeVar("Count")


@dataclass
class _Kept(Generic[Count]):
    count: Count
    counted_at: float
    due_at: float


class KeptCounts(Generic[Key, Count]):
    """A cache for one process; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, size: int = _SIZE) -> None:
        self._clock = clock
        self._size = size
        self._kept: dict[Key, _Kept[Count]] = {}
        self._lock = threading.Lock()

    def get(self, keys: Sequence[Key], count: Callable[[Sequence[Key]], Mapping[Key, Count]]) -> dict[Key, Count]:
        """The counts of these; `count` counts those that are not kept."""
        began = self._clock()
        known, due = self._find(keys, now=began)
        if due:
            counted = count(due)
            self._keep(counted, counted_at=began, took_s=self._clock() - began)
            known.update(counted)
        return known

    def _find(self, keys: Sequence[Key], *, now: float) -> tuple[dict[Key, Count], list[Key]]:
        known: dict[Key, Count] = {}
        due: list[Key] = []
        with self._lock:
            for one in keys:
                kept = self._kept.get(one)
                if kept is None or now - kept.counted_at > MAX_AGE_S:
                    due.append(one)
                elif now >= kept.due_at:
                    kept.due_at = kept.counted_at + MAX_AGE_S
                    due.append(one)
                else:
                    known[one] = kept.count
        return known, due

    def _keep(self, counts: Mapping[Key, Count], *, counted_at: float, took_s: float) -> None:
        due_at = counted_at + min(took_s * _TIMES, _DUE_AFTER_S)
        with self._lock:
            for one, count in counts.items():
                self._kept.pop(one, None)
                if len(self._kept) >= self._size:
                    del self._kept[next(iter(self._kept))]
                self._kept[one] = _Kept(count, counted_at, due_at)
