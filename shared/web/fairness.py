"""Keeps one caller, or one platform, from taking all threads of a process.

The server queues requests in the order in which they come. A caller with hundreds of connections, or a sender whose requests wait for the
lock of their platform, would keep all others waiting. So a caller and a platform have a share of the threads; beyond it they get
threads as long as enough others are free, else a request is rejected at once, before the database is asked.
"""

import collections
import threading

import flask
import prometheus_client

from shared import errors
from shared.auth import tokens
from shared.server import THREADS

# The share of the threads, and how many have to be free for more: 16 requests at once use a process fully.
CALLER = (4, 8)
PLATFORM = (8, 6)
EXTENSION = "hub_fairness"


class Shares:
    """Counts the requests that are being served, in all, by caller and by platform. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: collections.Counter[tuple[str, ...]] = collections.Counter()
        self._lock = threading.Lock()
        self.rejected = prometheus_client.Counter(
            "message_hub_requests_over_share",
            "Requests rejected because their caller or platform has its share of the threads, and few others are free.",
            ["limit"],
            registry=None,
        )

    def acquire(self, identity: tokens.Identity) -> str | None:
        """Counts one more request; or which share it is beyond, `caller` or `platform`, and then nothing is counted."""
        everybody, platform, caller = keys = _keys(identity)
        with self._lock:
            free = THREADS - self._counts[everybody]
            for which, key, (share, reserve) in (("caller", caller, CALLER), ("platform", platform, PLATFORM)):
                if self._counts[key] >= share and free <= reserve:
                    return which
            self._counts.update(keys)
        return None

    def release(self, identity: tokens.Identity) -> None:
        keys = _keys(identity)
        with self._lock:
            self._counts.subtract(keys)
            for key in keys:
                if not self._counts[key]:
                    del self._counts[key]


def register(app: flask.Flask, registry: prometheus_client.CollectorRegistry) -> None:
    shares = app.extensions[EXTENSION] = Shares()
    registry.register(shares.rejected)

    def release() -> None:
        identity = flask.g.pop("share", None)
        if identity is not None:
            shares.release(identity)

    # Before the answer is sent: the caller's next request may be here sooner than the teardown of this one.
    @app.after_request
    def release_before_answer(answer: flask.Response) -> flask.Response:
        release()
        return answer

    @app.teardown_request
    def release_at_last(_error: BaseException | None) -> None:
        release()


def acquire(identity: tokens.Identity) -> None:
    """Counts the request being served until it ends. Raises unavailable where its caller or platform is beyond their share."""
    shares: Shares = flask.current_app.extensions[EXTENSION]
    beyond = shares.acquire(identity)
    if beyond is not None:
        shares.rejected.labels(beyond).inc()
        whose = "You have" if beyond == "caller" else "Your platform has"
        raise errors.unavailable(f"{whose} too many requests open at once.")
    flask.g.share = identity


def _keys(identity: tokens.Identity) -> tuple[tuple[str, ...], ...]:
    return (), (identity.platform,), (identity.platform, identity.user)
