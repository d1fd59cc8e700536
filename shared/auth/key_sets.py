"""Public keys at an address (JWKS), by PyJWT's client with limits: 2 s, 256 KiB, 100 keys, no redirects.

A key set is fetched when it is first needed, when it is five minutes old, and when a token names an unknown key, but at most once in
ten seconds.
"""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from shared import VERSION, errors, logging

NEVER = float("-inf")

_FRESH_S = 300
# While the address does not answer, old keys are used for a day: an attacker who can block it must not keep a withdrawn key alive.
_KEPT_S = 24 * 60 * 60
_REFETCH_AT_MOST_EVERY_S = 10
_FETCH_WITHIN_S = 2.0
# Without any keys, requests other than the one that started the fetch wait this long for it: a process that has just started answers
# its first requests, and a key server that hangs does not keep threads.
_OTHERS_WAIT_S = 0.25
_MAX_BYTES = 256 * 1024
_MAX_KEYS = 100
_MIN_RSA_BITS = 2_048
_PUBLIC_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
_logger = logging.get_logger(__name__)


class KeySet:
    """The keys at one address. Safe to share between threads; `fetched_at` tells one fetch from another."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: list[jwt.PyJWK] = []
        self.fetched_at = NEVER
        self._tried_at = NEVER
        self._fetching: threading.Thread | None = None
        self._lock = threading.Lock()

    def find(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The key that a token's header names. Raises `jwt.InvalidTokenError`, or `HubError` unavailable."""
        now = time.monotonic()
        key = self._match(header)
        if key is None or not self.is_fresh(self.fetched_at):
            has_started = self._start_fetch(now)
            if key is None or self._is_too_old(now):
                self._wait(now, has_started=has_started)
            key = self._match(header)
        if self._is_too_old(now):
            raise errors.unavailable("The keys that tokens are signed with cannot be fetched.", retry_after_s=10)
        if key is None:
            raise jwt.InvalidTokenError(self._why_none(header))
        return key

    def is_fresh(self, fetch: float) -> bool:
        """Whether the keys are still those fetched at `fetch`, and need not be fetched again yet."""
        return fetch == self.fetched_at and time.monotonic() - fetch < _FRESH_S

    def _is_too_old(self, now: float) -> bool:
        return now - self.fetched_at > _KEPT_S

    def _start_fetch(self, now: float) -> bool:
        """Starts a fetch, unless one is running or began less than ten seconds ago. Returns whether it did."""
        with self._lock:
            is_running = self._fetching is not None and self._fetching.is_alive()
            if is_running or now - self._tried_at < _REFETCH_AT_MOST_EVERY_S:
                return False
            self._tried_at = now
            # In a thread of its own: a socket's timeout does not limit an answer that comes byte by byte.
            self._fetching = threading.Thread(target=self._fetch, args=(now,), name="keys", daemon=True)
            self._fetching.start()
            return True

    def _wait(self, now: float, *, has_started: bool) -> None:
        """One request of each key set waits for a fetch; the others do only without any keys, and shortly."""
        limit_s = _FETCH_WITHIN_S if has_started else _OTHERS_WAIT_S if self._is_too_old(now) else 0
        left_s = self._tried_at + limit_s - now
        if self._fetching is not None and left_s > 0:
            self._fetching.join(left_s)

    def _fetch(self, now: float) -> None:
        try:
            self._keys = fetch(self._url)
        except Exception as error:  # no answer of the server is the fault of the token
            _logger.warning("keys could not be fetched", url=without_user(self._url), reason=reason(error))
            return
        self.fetched_at = now

    def _match(self, header: dict[str, Any]) -> jwt.PyJWK | None:
        fitting = self._fitting(header)
        return fitting[0] if len(fitting) == 1 else None

    def _fitting(self, header: dict[str, Any]) -> list[jwt.PyJWK]:
        fitting = [key for key in self._keys if key.algorithm_name == header["alg"]]
        return [key for key in fitting if key.key_id == header["kid"]] if "kid" in header else fitting

    def _why_none(self, header: dict[str, Any]) -> str:
        if not self._fitting(header):
            return "it names a key that is not in the key set"
        if "kid" in header:
            return "the key that it names is in the key set more than once"
        return "it names no key (kid), and the key set has several for its algorithm"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


class _Client(jwt.PyJWKClient):
    def fetch_data(self) -> Any:
        """As PyJWT's, with a limit on the whole time and size."""
        deadline = time.perf_counter() + _FETCH_WITHIN_S
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(urllib.request.Request(self.uri, headers=self.headers), timeout=self.timeout) as response:  # noqa: S310 (http only, by __init__)
            found = json.loads(read_body(response.read1, deadline=deadline))
        if len(found["keys"]) > _MAX_KEYS:
            raise ValueError("too many keys")
        return found


def read_body(read: Callable[[int], bytes], *, deadline: float) -> bytes:
    """The whole body of a response, of which `read` returns the next piece of at most so many bytes.

    Raises `ValueError` for more than 256 KiB, and for a body that is not complete at `deadline` (by `time.perf_counter`).
    """
    body = bytearray()
    while piece := read(65_536):
        body += piece
        if len(body) > _MAX_BYTES or time.perf_counter() > deadline:
            raise ValueError("too large or too slow")
    return bytes(body)


def fetch(url: str) -> list[jwt.PyJWK]:
    """The usable keys at `url`. Raises what it takes: see `reason`."""
    headers = {"User-Agent": f"message-hub/{VERSION}"}
    keys = _Client(url, cache_jwk_set=False, headers=headers, timeout=_FETCH_WITHIN_S).get_jwk_set().keys
    usable = [key for key in keys if key.public_key_use in (None, "sig") and _is_public(key) and _is_strong(key)]
    if len(usable) < len(keys):
        _logger.info(
            "keys were left out: for another use, too weak, or not public",
            url=without_user(url),
            count=len(keys) - len(usable),
        )
    return usable


def reason(error: Exception) -> str:
    """Why a fetch failed, without anything that the server sent but its status."""
    return f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__


def _is_public(key: jwt.PyJWK) -> bool:
    """With a published private key everybody can sign. (A secret is never found: its algorithm is not looked for here.)"""
    return isinstance(key.key, _PUBLIC_KEYS)


def _is_strong(key: jwt.PyJWK) -> bool:
    return not isinstance(key.key, rsa.RSAPublicKey) or key.key.key_size >= _MIN_RSA_BITS


def without_user(url: str) -> str:
    """`url` for the log, without name and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
