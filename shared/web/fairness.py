"""Keeps one caller, or one platform, from taking all threads of a process.

The server serves requests in the order in which they come. A caller with hundreds of connections, or a sender whose requests wait for the
lock of their platform, would keep all others waiting. So a caller and a platform may use a part of the threads each; a request beyond
that is rejected at once, before the database is asked.
"""

import collections
import threading

import flask
import prometheus_client

from shared import errors
from shared.auth import tokens

# Of the 16 threads of an API's process (`--blocking-threads`). Eight requests at once use two processor cores fully.
MAX_OF_CALLER = 8
MAX_OF_PLATFORM = 12
_EXTENSION = "hub_fairness"


class Shares:
    """Counts the requests that are being served, by caller and by platform. Safe to share between threads."""

    def __init__(self, *, caller: int = MAX_OF_CALLER, platform: int = MAX_OF_PLATFORM) -> None:
        self._limits = {"caller": caller, "platform": platform}
        self._counts: collections.Counter[tuple[str, ...]] = collections.Counter()
        self._lock = threading.Lock()

    def acquire(self, identity: tokens.Identity) -> str | None:
        """Counts one more request; or which limit it is over, `caller` or `platform`, and then nothing is counted."""
        keys = _keys(identity)
        with self._lock:
            for which, key in keys.items():
                if self._counts[key] >= self._limits[which]:
                    return which
            self._counts.update(keys.values())
        return None

    def release(self, identity: tokens.Identity) -> None:
        with self._lock:
            for key in _keys(identity).values():
                self._counts[key] -= 1
                if not self._counts[key]:
                    del self._counts[key]


def register(app: flask.Flask, registry: prometheus_client.CollectorRegistry) -> None:
    shares = Shares()
    rejected = prometheus_client.Counter(
        "message_hub_requests_over_share",
        "Requests rejected because their caller or platform has as many open as one may have.",
        ["limit"],
        registry=registry,
    )

    def acquire(identity: tokens.Identity) -> None:
        over = shares.acquire(identity)
        if over is not None:
            rejected.labels(over).inc()
            whose = "You have" if over == "caller" else "Your platform has"
            raise errors.unavailable(f"{whose} too many requests open at once.")
        flask.g.share = identity

    app.extensions[_EXTENSION] = acquire

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
    """Counts the request being served until it ends. Raises unavailable where its caller or platform has too many open."""
    flask.current_app.extensions[_EXTENSION](identity)


def _keys(identity: tokens.Identity) -> dict[str, tuple[str, ...]]:
    return {"caller": (identity.platform, identity.user), "platform": (identity.platform,)}
