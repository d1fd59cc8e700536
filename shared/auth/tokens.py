"""Bearer tokens: which key may have signed one, and what its claims must be. Knows no HTTP and no SQL.

The algorithm in a token's header decides which keys are tried, never both kinds: HS256 means the shared
secret, RS256, ES256 and EdDSA mean a key set. A platform with an issuer of its own accepts only that issuer's keys.
"""

import base64
import contextlib
import dataclasses
import re
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt

from shared import errors, settings, text
from shared.auth import key_sets, store

AUDIENCE = "message-hub"
# Of the tokens that the hub makes for people who signed in to the console. Every platform accepts them.
OWN_ISSUER = "message-hub"
# In records of who authenticated how, where no issuer of the platform vouches: the shared secret, or the keys at HUB_JWKS_URL.
SHARED_SECRET, KEY_SET = "shared-secret", "key-set"
LEEWAY_S = 30
SECRET_ALGORITHM = "HS256"  # noqa: S105 (an algorithm's name)
KEY_SET_ALGORITHMS = ("RS256", "ES256", "EdDSA")

# No id of a directory contains them, and PostgreSQL takes neither NUL nor half surrogates.
_CONTROLS = frozenset({"Cc", "Cs"})
# Three parts in the alphabet of RFC 7515, to the letter: decoders are lenient, and what they leave out would make one token many.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# What the library says of a part that Python could not read; Python's reason follows.
_UNREADABLE = re.compile("Invalid (header|payload) string")
# Longer than any issuer's token; a longer one is refused unread.
_LONGEST = 16_384
# The longest time for which a token may be valid.
LONGEST_TTL_S = 10 * 366 * 86_400
_REMEMBERED = 10_000
_REMEMBERED_LENGTH = 2_048


@dataclass(frozen=True)
class Identity:
    """The claims of a valid token: the platform's key, the user's external id, and the issuer whose key signed it.

    Issuer None: the secret, or the keys of the hub. `has_signed_in`: the hub made the token for a session of the console.
    `authentication` names what vouches for the user: the issuer, OWN_ISSUER, SHARED_SECRET or KEY_SET.
    """

    platform: str
    user: str
    issuer: str | None
    has_signed_in: bool = False
    authentication: str = field(default=SHARED_SECRET, compare=False)
    jwks_url: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Verified:
    """A verified token: until when it is valid, in seconds since 1970, and the keys and their fetch that verified it."""

    identity: Identity
    until: float
    keys: "key_sets.KeySet | None" = None
    fetch: float = key_sets.NEVER

    def holds(self) -> bool:
        return time.time() < self.until and (self.keys is None or self.keys.is_fresh(self.fetch))


class Verifier:
    """Checks tokens for one process; keeps the key sets it has fetched. Safe to share between threads."""

    def __init__(self, auth: settings.Auth, find_issuer: Callable[[str], store.Issuer | None]) -> None:
        self._secrets = auth.secrets
        self._jwks_url = auth.jwks_url
        self._find_issuer = find_issuer
        self._key_sets: dict[str, key_sets.KeySet] = {}
        self._verified: dict[str, _Verified] = {}
        self._lock = threading.Lock()

    def verify(self, token: str, *, again: bool = False) -> Identity:
        """The identity that `token` proves; with `again`, what was found out about it before is not used.

        Raises `HubError` token-invalid or token-expired; unavailable while the keys cannot be fetched.
        """
        known = None if again else self._verified.get(token)
        if known is not None and known.holds():
            return known.identity
        try:
            return self._verify(token)
        except jwt.ExpiredSignatureError:
            raise errors.HubError("token-expired", "The token's exp lies in the past.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise errors.HubError("token-invalid", f"The token was refused: {_reason(error)}.") from None

    def _verify(self, token: str) -> Identity:
        if len(token) > _LONGEST or not _COMPACT.fullmatch(token):
            raise jwt.DecodeError(f"it is not three parts of base64url, of at most {_LONGEST} characters in all")
        _check_encoding(token)
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
        _check_claims(claims)
        algorithm = header.get("alg")
        if algorithm == SECRET_ALGORITHM:
            self._decode_with_secret(token)
            identity = _identity(claims, issuer=None)
            if claims.get("iss") == OWN_ISSUER:
                identity = dataclasses.replace(identity, has_signed_in=True, authentication=OWN_ISSUER)
            return self._remember(token, _Verified(identity, _end(claims)))
        if algorithm not in KEY_SET_ALGORITHMS:
            raise jwt.InvalidAlgorithmError("its algorithm is not accepted")
        own = self._find_issuer(claims["platform"])
        issuer, url = (own.issuer, own.jwks_url) if own and own.jwks_url else (None, self._jwks_url)
        if url is None:
            raise jwt.InvalidAlgorithmError("tokens signed with a key are not accepted here")
        keys = self._key_set(url)
        fetch = keys.fetched_at  # before the key is taken: a later fetch may not have it
        self._decode(token, keys.find(header), algorithm, issuer=issuer)
        identity = dataclasses.replace(
            _identity(claims, issuer=issuer), jwks_url=own.jwks_url if own else None, authentication=issuer or KEY_SET
        )
        return self._remember(token, _Verified(identity, _end(claims), keys, fetch))

    def _remember(self, token: str, verified: _Verified) -> Identity:
        """The identity; while it holds, the same token is good without another look at its signature.

        The secret never changes while the process runs. Keys do, so what they proved holds until they are fetched again.
        """
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        if len(token) <= _REMEMBERED_LENGTH:
            self._verified[token] = verified
        return verified.identity

    def _decode_with_secret(self, token: str) -> None:
        if not self._secrets:
            raise jwt.InvalidAlgorithmError("tokens signed with a secret are not accepted here")
        for secret in self._secrets[:-1]:
            with contextlib.suppress(jwt.InvalidSignatureError):
                return self._decode(token, secret, SECRET_ALGORITHM)
        return self._decode(token, self._secrets[-1], SECRET_ALGORITHM)

    def _decode(self, token: str, key: Any, algorithm: str, *, issuer: str | None = None) -> None:
        """Verifies the signature, then the claims."""
        try:
            jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, issuer=issuer, leeway=LEEWAY_S)
        except (jwt.InvalidIssuerError, jwt.MissingRequiredClaimError):
            raise jwt.InvalidIssuerError(f"its claim iss must be {issuer}") from None

    def _key_set(self, url: str) -> key_sets.KeySet:
        with self._lock:
            if url not in self._key_sets:
                self._key_sets[url] = key_sets.KeySet(url)
            return self._key_sets[url]


def _reason(error: Exception) -> str:
    """The library's message, which never contains a key or the token. Messages of Python itself are replaced."""
    text = str(error).rstrip(".")
    unreadable = _UNREADABLE.match(text)
    if unreadable:
        return f"its {unreadable[1]} cannot be read as a JSON object"
    return text if isinstance(error, jwt.PyJWTError) else "it makes no sense"


def _check_encoding(token: str) -> None:
    """Raises for a header or payload that is not UTF-8: the library would read JSON in UTF-16 and UTF-32 too."""
    for part in token.split(".")[:2]:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        try:
            is_plain = not decoded.decode().startswith("\ufeff") and b"\0" not in decoded
        except UnicodeDecodeError:
            is_plain = False
        if not is_plain:
            raise jwt.DecodeError("its header and payload must be JSON in UTF-8, without a byte order mark")


def _check_claims(claims: dict[str, Any]) -> None:
    """Raises for a claim that is missing or of another type, and says which and what it must be."""
    for name, (is_required, is_good, expected) in _CLAIMS.items():
        if (is_required or name in claims) and not is_good(claims.get(name)):
            raise jwt.InvalidTokenError(f"its claim {name} must be {expected}")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and _CONTROLS.isdisjoint(map(unicodedata.category, value))


def _is_audience(value: Any) -> bool:
    if isinstance(value, list):
        return AUDIENCE in value and all(isinstance(one, str) for one in value)
    return bool(value == AUDIENCE)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _is_end(value: Any) -> bool:
    return _is_time(value) and value <= time.time() + LONGEST_TTL_S + LEEWAY_S


# claim: whether it is required, whether its value is good, and what is expected
_CLAIMS: dict[str, tuple[bool, Callable[[Any], bool], str]] = {
    "sub": (True, _is_name, "1 to 255 characters without controls"),
    "platform": (True, _is_name, "1 to 255 characters without controls"),
    "aud": (True, _is_audience, f"{AUDIENCE}, or a list of strings with it"),
    "exp": (True, _is_end, "a time in seconds since 1970, at most ten years ahead"),
    "nbf": (False, _is_time, "a time in seconds since 1970"),
    "iat": (False, _is_time, "a time in seconds since 1970"),
}


def _identity(claims: dict[str, Any], *, issuer: str | None) -> Identity:
    return Identity(platform=claims["platform"], user=text.identifier(claims["sub"]), issuer=issuer)


def make(secret: str, *, platform: str, user: str, now: float, ttl_s: int, issuer: str | None = None) -> str:
    """A token for the user with this external id on the platform with this key; it ends `ttl_s` seconds after `now`."""
    claims = {"sub": user, "platform": platform, "aud": AUDIENCE, "iat": int(now), "exp": int(now) + ttl_s}
    return jwt.encode({**claims, "iss": issuer} if issuer else claims, secret, algorithm=SECRET_ALGORITHM)


def expires_at(token: str) -> float:
    """When a valid token stops being accepted, in seconds since 1970."""
    return _end(jwt.decode(token, options={"verify_signature": False}))


def _end(claims: dict[str, Any]) -> float:
    return float(claims["exp"] + LEEWAY_S)
