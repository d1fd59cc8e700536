"""What an identity provider publishes about itself (OpenID Connect Discovery 1.0), read within limits of time and size."""

import email.utils
import functools
import io
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests import adapters

from shared import VERSION
from shared.auth import key_sets

PATH = "/.well-known/openid-configuration"
# Of one request with its answer.
_REQUEST_S = 3.0


class _Adapter(adapters.HTTPAdapter):
    """Reads the whole answer within limits of time and size."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        deadline = time.perf_counter() + _REQUEST_S
        response = super().send(request, *args, **{**options, "stream": True, "timeout": _REQUEST_S})
        try:
            body = key_sets.read_body(functools.partial(response.raw.read1, decode_content=True), deadline=deadline)
        except (ValueError, urllib3.exceptions.HTTPError) as error:
            response.raw.close()
            raise requests.ConnectionError("too large, too slow or not complete") from error
        response.raw.release_conn()
        response.raw = io.BytesIO(body)
        return response


def limit(session: requests.Session) -> None:
    """Lets `session` follow no redirect and read answers only within the limits."""
    session.max_redirects = 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())


@dataclass(frozen=True)
class Description:
    """What a provider says of itself. `clock_offset_s`: its clock less this one's, to a second; None if it sends no time."""

    metadata: dict[str, Any]
    key_count: int
    clock_offset_s: float | None


def describe(issuer: str) -> Description:
    """Raises `requests.RequestException`, `ValueError`, and what `key_sets.fetch` raises."""
    with requests.Session() as session:
        limit(session)
        session.headers["User-Agent"] = f"message-hub/{VERSION}"
        answer = session.get(issuer.rstrip("/") + PATH)
        answer.raise_for_status()
        found = answer.json()
    check(issuer, found)
    date = email.utils.parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else None
    offset = None if date is None else date.timestamp() - datetime.now(UTC).timestamp()
    return Description(found, len(key_sets.fetch(found["jwks_uri"])), offset)


def reason(error: Exception) -> str:
    """Why a request to a provider failed, without anything that it sent but its status."""
    response = getattr(error, "response", None)
    return key_sets.reason(error) if response is None else f"HTTP {response.status_code}"


def check(issuer: str, found: dict[str, Any]) -> None:
    """Raises ValueError with a sentence."""
    if found.get("issuer") != issuer:
        raise ValueError("The issuer in its configuration is another one.")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        parts = urlsplit(str(found.get(name, "")))
        if parts.scheme not in ("https", urlsplit(issuer).scheme) or not parts.hostname:
            raise ValueError(f"Its configuration has no https:// address as {name}.")
