"""The ETags lately given to readers, each with the stamp of the inbox that its answer was made of. Knows no HTTP and no SQL.

A poll whose stamp is still the same has the same answer, so its ETag can be confirmed without making the answer again. Nothing
here is ever the answer itself, and a stamp comes fresh from PostgreSQL with every request: what is kept too long is not found.
"""

import threading

# About 0.5 kB each. A process that serves more readers than this makes an answer again here and there.
SIZE = 50_000
_LONGEST_REQUEST = 300


class Tags:
    """Of one process; safe to share between threads."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._kept: dict[tuple[int, str], tuple[str, str]] = {}
        self._lock = threading.Lock()

    def find(self, *, user_id: int, request: str, stamp: str) -> str | None:
        """The ETag of this user's answer to `request` (path and query), where it was made of an inbox with this very stamp."""
        kept_stamp, tag = self._kept.get((user_id, request), ("", None))
        return tag if kept_stamp == stamp else None

    def keep(self, *, user_id: int, request: str, stamp: str, tag: str) -> None:
        """Keeps the newest tag of each request, and of requests the newest."""
        if len(request) > _LONGEST_REQUEST:
            return
        key = (user_id, request)
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (stamp, tag)
