"""Public keys at an address (JWKS): fetched when first needed, again when they are old or a token names an unknown one.

Called by `tokens` alone. Whoever answers at the address, and however, costs no request more than a moment: what is read is bounded
in time and size, redirects are not followed, and an unknown key makes at most one fetch in ten seconds.
"""

import json
import threading
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from shared import errors, logging

NEVER = float("-inf")

_FRESH_S = 300
# Old keys go on serving while the address does not answer: for a day, or whoever can keep it from answering keeps a withdrawn key alive.
_KEPT_S = 24 * 60 * 60
_REFETCH_AT_MOST_EVERY_S = 10
_FETCH_WITHIN_S = 2.0
# So many requests of a process wait for keys at once, whoever's: the places of the others are for those who need none.
MOST_WAITING = 8
_MAX_BYTES = 256 * 1024
_MAX_KEYS = 100
_WEAKEST_RSA_BITS = 2_048
_PUBLIC_KEYS = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
_logger = logging.get_logger(__name__)


class KeySet:
    """The keys at one address. Safe to share between threads; `fetched_at` tells one fetch from another.

    `waiting` is what the key sets of a process share: whoever waits for keys holds one of it.
    """

    def __init__(self, url: str, waiting: threading.Semaphore) -> None:
        self._url = url
        self._waiting = waiting
        self._opener = _make_opener()
        self._keys: list[jwt.PyJWK] = []
        self.fetched_at = NEVER
        self._tried_at = NEVER
        self._fetching: threading.Thread | None = None
        self._lock = threading.Lock()

    def find(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The key that a token's header names. Raises `jwt.InvalidTokenError`, or `HubError` unavailable."""
        now = time.monotonic()
        key = self._match(header)
        if key is not None and now - self.fetched_at < _FRESH_S:
            return key
        # One thread asks. Whoever has an old key need not wait for it, the others have nothing to go on with.
        self._refresh(now, is_waiting=key is None)
        key = self._match(header)
        if now - self.fetched_at > _KEPT_S:
            raise errors.unavailable("The keys that tokens are signed with cannot be fetched.", retry_after_s=10)
        if key is None:
            raise jwt.InvalidTokenError("it names a key that is not in the key set")
        return key

    def is_fresh(self, fetch: float) -> bool:
        """Whether the keys are still those fetched at `fetch`, and need not be asked for again yet."""
        return fetch == self.fetched_at and time.monotonic() - fetch < _FRESH_S

    def _refresh(self, now: float, *, is_waiting: bool) -> None:
        """Asks for the keys unless that was tried just now. Whoever asks waits, others if they must, and nobody for long.

        Raises `HubError` unavailable where too many wait already.
        """
        with self._lock:
            is_asking = self._fetching is None or not self._fetching.is_alive()
            is_asking = is_asking and now - self._tried_at >= _REFETCH_AT_MOST_EVERY_S
            if is_asking:
                self._tried_at = now
                # A thread of its own: no timeout of a socket bounds an answer that comes byte by byte.
                self._fetching = threading.Thread(target=self._fetch, args=(now,), name="keys", daemon=True)
                self._fetching.start()
            # One deadline for a fetch and not one for each who waits for it: what hangs on would hold everybody anew.
            fetching, left_s = self._fetching, self._tried_at + _FETCH_WITHIN_S - now
        if fetching is None or not fetching.is_alive() or left_s <= 0 or not (is_asking or is_waiting):
            return
        if not self._waiting.acquire(blocking=False):
            if is_waiting:
                raise errors.unavailable("The keys that tokens are signed with are just being fetched.")
            return
        try:
            fetching.join(left_s)
        finally:
            self._waiting.release()

    def _fetch(self, now: float) -> None:
        try:
            keys = jwt.PyJWKSet.from_dict(self._read()).keys
        except Exception as error:  # whatever that server answers, it is not the fault of the token at hand
            # The keys we have go on serving; with none, find() says that the service is unavailable.
            _logger.warning("keys could not be fetched", url=_without_user(self._url), reason=type(error).__name__)
            return
        usable = [key for key in keys if key.public_key_use in (None, "sig") and _is_public(key) and _is_strong(key)]
        if len(usable) < len(keys):
            _logger.info(
                "keys were left out: for another use, too weak, or not public",
                url=_without_user(self._url),
                count=len(keys) - len(usable),
            )
        self._keys = usable
        self.fetched_at = now

    def _read(self) -> dict[str, Any]:
        """The key set as it is published. Raises whatever it takes."""
        deadline = time.perf_counter() + _FETCH_WITHIN_S
        body = bytearray()
        with self._opener.open(self._url, timeout=_FETCH_WITHIN_S) as response:
            while piece := response.read1(65_536):
                body += piece
                if len(body) > _MAX_BYTES or time.perf_counter() > deadline:
                    raise ValueError("too much, or too slowly")
        found = json.loads(body)
        if len(found["keys"]) > _MAX_KEYS:
            raise ValueError("too many keys")
        return dict(found)

    def _match(self, header: dict[str, Any]) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.algorithm_name == header["alg"]]
        if "kid" in header:
            fitting = [key for key in fitting if key.key_id == header["kid"]]
        return fitting[0] if len(fitting) == 1 else None


def _is_public(key: jwt.PyJWK) -> bool:
    """A private key that is published signs for everybody. (A secret is no key at all here: its algorithm never looks for one.)"""
    return isinstance(key.key, _PUBLIC_KEYS)


def _is_strong(key: jwt.PyJWK) -> bool:
    return not isinstance(key.key, rsa.RSAPublicKey) or key.key.key_size >= _WEAKEST_RSA_BITS


def _without_user(url: str) -> str:
    """`url` for the log: a name and password in it are nobody's business there."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _make_opener() -> urllib.request.OpenerDirector:
    """For http and https alone: without the handlers for files and redirects, a redirect is an error like any other."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
