"""What tests of both APIs ask of an answer."""

from collections.abc import Mapping
from typing import Any

from werkzeug.test import TestResponse

from shared import errors


def problem(answer: TestResponse, code: str) -> Mapping[str, Any]:
    """The problem details of a refusal, which must have this code and everything that RFC 9457 and the hub promise."""
    assert answer.mimetype == "application/problem+json", answer.text
    body = answer.get_json(force=True)
    assert body["code"] == code, body
    status, title = errors.CATALOGUE[code]
    assert (answer.status_code, body["status"], body["title"]) == (status, status, title)
    assert body["type"] == f"urn:message-hub:error:{code}"
    assert body["detail"].strip()
    assert set(body) <= {"type", "title", "status", "detail", "code", "errors", "message_id"}
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    return body
