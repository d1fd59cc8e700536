"""The newest ETags of users' answers, each with the version of the inbox that its answer shows. Knows no HTTP and no SQL.

While a user's inbox has the same version, their answer is the same, so its ETag is confirmed without making the answer again. The
version is read from PostgreSQL with every request, so an outdated entry does no harm.
"""

import threading

# About 0.5 kB each.
SIZE = 50_000
_LONGEST_REQUEST = 300


class Tags:
    """A cache for one process; threads may share it."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._kept: dict[tuple[int, str], tuple[str, str]] = {}
        self._lock = threading.Lock()

    def find(self, *, user_id: int, request: str, inbox_version: str) -> str | None:
        """The ETag of this user's answer to `request` (path and query), if it shows the inbox in this version."""
        kept_version, tag = self._kept.get((user_id, request), ("", None))
        return tag if kept_version == inbox_version else None

    def keep(self, *, user_id: int, request: str, inbox_version: str, tag: str) -> None:
        """Keeps the newest tag of each request; when the cache is full, the oldest entry goes."""
        if len(request) > _LONGEST_REQUEST:
            return
        key = (user_id, request)
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (inbox_version, tag)
