"""What the bridge answers by itself, without the application: made beforehand, for it is needed when there is no time.

The same problem details and headers as everybody else's (shared/problem_details.py, observe.py, cors.py). Under a rush there
would be thousands of log lines a second, so they are counted in a metric and summed up in one line a second.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import prometheus_client
from werkzeug import exceptions

from shared import errors, logging, request_ids
from shared.web import cors, error_handlers, protection

Headers = list[tuple[bytes, bytes]]

_LOG_EVERY_S = 1.0
_logger = logging.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes


class Refusals:
    def __init__(self, registry: prometheus_client.CollectorRegistry, *, origins: tuple[str, ...] = ()) -> None:
        counter = prometheus_client.Counter(
            "message_hub_requests_refused",
            "Requests refused before the application saw them, by reason: busy, slow (a body that did not come in time), "
            "broken (one that ended too soon or came in crumbs).",
            ["reason"],
            registry=registry,
        )
        busy = errors.unavailable("More requests are being served than this process takes on at once.")
        slow = errors.HubError("bad-request", "The body did not come in time.", headers={"Connection": "close"})
        slow.status = exceptions.RequestTimeout.code
        broken = errors.HubError(
            "bad-request", "The body did not come whole, or in too many pieces.", headers={"Connection": "close"}
        )
        made = {"busy": busy, "slow": slow, "broken": broken}
        self._made = {reason: _make(error) for reason, error in made.items()}
        self._counts = {reason: counter.labels(reason) for reason in self._made}
        self._origins = frozenset(origins)
        self._logged_at = float("-inf")
        self._unlogged = 0

    def make(self, reason: str, headers: Iterable[tuple[bytes, bytes]]) -> Answer:
        """The answer to the request with these headers (names in lower case)."""
        request_id = origin = ""
        for name, value in headers:
            if name == b"x-request-id":
                request_id = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        made = self._made[reason]
        own = [(b"x-request-id", request_ids.accept(request_id).encode("ascii"))]
        if self._origins:
            said = {"Vary": "Origin", **cors.allowing(origin, self._origins)}
            own += [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in said.items()]
        self._counts[reason].inc()
        self._log(reason)
        return Answer(made.status, made.headers + own, made.body)

    def _log(self, reason: str) -> None:
        self._unlogged += 1
        if time.monotonic() >= self._logged_at + _LOG_EVERY_S:
            _logger.warning("requests refused", reason=reason, count=self._unlogged)
            self._logged_at, self._unlogged = time.monotonic(), 0


def _make(error: errors.HubError) -> Answer:
    answer = error_handlers.response(error)
    answer.headers.extend(protection.missing(answer.headers))
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in answer.headers]
    return Answer(answer.status_code, headers, answer.get_data())
