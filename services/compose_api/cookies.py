"""The cookies of signing in: the session's, and one for each attempt that is under way, so that several tabs can sign in at once.

Over TLS both begin with `__Host-`: only this host can set them, no subdomain can.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import flask
import itsdangerous

from services.compose_api import settings

ATTEMPT_S = 600
_MAX_ATTEMPTS = 10
_LONGEST_ID = 100


@dataclass(frozen=True)
class Attempt:
    """What a sign-in was started with. `next`: where the browser goes afterwards."""

    platform: str
    issuer: str
    state: str
    next: str
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


class Cookies:
    def __init__(self, sign_in: settings.SignIn) -> None:
        self._is_secure = (sign_in.public_url or "").startswith("https:")
        prefix = "__Host-" if self._is_secure else ""
        self._session = f"{prefix}hub_session"
        self._attempt = f"{prefix}hub_attempt_"
        # The serializer signs with the last key.
        self._signer = itsdangerous.URLSafeTimedSerializer(list(reversed(sign_in.keys)), salt="sign-in attempt")

    def session_id(self) -> str | None:
        found = flask.request.cookies.get(self._session)
        return found if found and len(found) <= _LONGEST_ID and found.isascii() else None

    def set_session(self, response: flask.Response, session_id: str) -> None:
        # Lax: a strict one would be missing when the provider sends the browser back. No Max-Age: it ends with the browser, or here.
        self._set(response, self._session, session_id)

    def end_session(self, response: flask.Response) -> None:
        self._delete(response, self._session)

    def set_attempt(self, response: flask.Response, attempt: Attempt) -> None:
        known = [name for name in flask.request.cookies if name.startswith(self._attempt)]
        if len(known) >= _MAX_ATTEMPTS:
            for name in known:
                self._delete(response, name)
        self._set(response, self._name(attempt.state), self._signer.dumps(asdict(attempt)), max_age=ATTEMPT_S)

    def attempt(self, state: str) -> Attempt | None:
        """This browser's attempt with that state; None for one of another browser, or of more than ten minutes ago."""
        value = flask.request.cookies.get(self._name(state), "")
        try:
            found = Attempt(**self._signer.loads(value, max_age=ATTEMPT_S))
        except (itsdangerous.BadData, TypeError):
            return None
        return found if found.state == state else None

    def end_attempt(self, response: flask.Response, state: str) -> None:
        self._delete(response, self._name(state))

    def _name(self, state: str) -> str:
        return self._attempt + hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()[:16]

    def _set(self, response: flask.Response, name: str, value: str, *, max_age: int | None = None) -> None:
        same_site: Literal["Lax"] = "Lax"
        response.set_cookie(
            name, value, max_age=max_age, path="/", secure=self._is_secure, httponly=True, samesite=same_site
        )

    def _delete(self, response: flask.Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self._is_secure, httponly=True, samesite="Lax")


def origin_of(public_url: str) -> str:
    """As a browser writes it in the header Origin."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}".lower()
