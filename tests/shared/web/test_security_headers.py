"""What every answer tells a browser not to do with it."""

import base64
import hashlib
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from services.compose_api import app as compose
from services.inbox_api import app as inbox
from shared import settings
from tests import factories

AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)
PATHS = (
    *(
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/index.html",
        "/docs/swagger-ui.css",
    ),
    *("/docs/oauth2-redirect.html", "/docs/nowhere", "/nowhere", "/v1/nowhere", "/%00", "/..%2f..%2fetc/passwd"),
    *(
        "/v1/messages",
        "/v1/audiences",
        "/v1/viewer",
        "/v1/notifications",
        "/v1/notifications/stream",
        "/v1/sent-messages",
    ),
    *(
        "/",
        "/console",
        "/console/",
        "/console/config.json",
        "/console/nowhere",
        "/demo/",
        "/demo/people.json",
        "/bell.js",
        "/bell/de.json",
    ),
)


@pytest.fixture(scope="module")
def services(reader: Engine) -> dict[str, FlaskClient]:
    return {
        "compose": compose.make_app(compose.Context(engine=reader, publish=lambda _: None), auth=AUTH).test_client(),
        "inbox": inbox.make_app(inbox.Context(reader), auth=AUTH).test_client(),
    }


@pytest.mark.parametrize("name", ["compose", "inbox"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "BREW"])
def test_every_answer_is_protected(services: dict[str, FlaskClient], name: str, path: str, method: str) -> None:
    answer = services[name].open(path, method=method, headers={"Origin": "https://evil.example"}, buffered=True)
    for header in ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy", "X-Request-ID"):
        assert len(answer.headers.getlist(header)) == 1, header
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert re.search(r"frame-ancestors '(none|self)'", policy)
    assert "unsafe-eval" not in policy
    (kept,) = answer.headers.getlist("Cache-Control")
    if answer.status_code >= 400 or path.startswith("/v1"):
        assert kept == "no-store"
    assert answer.headers.getlist("Server") == ["message-hub"]
    if not path.startswith("/bell"):
        assert not [name for name in answer.headers if "Access-Control-Allow" in name[0]], "no other origin by default"


def test_what_a_caller_is_told_is_not_kept(client: FlaskClient, user: dict[str, str]) -> None:
    assert client.get("/whoami", headers=user).headers["Cache-Control"] == "no-store"


def test_the_page_of_the_document_runs_its_own_scripts_only(client: FlaskClient) -> None:
    page = client.get("/docs/")
    policy = page.headers["Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src ")]
    assert "unsafe-inline" not in scripts


@pytest.mark.parametrize("host", ["evil.example", 'x"};alert(1)//', "</script><script>alert(1)</script>", "a@b", "é"])
@pytest.mark.parametrize("path", ["/docs/", "/docs/index.html"])
def test_the_page_of_the_document_says_nothing_of_what_the_client_said(
    client: FlaskClient, host: str, path: str
) -> None:
    usual = client.get(path)
    odd = client.get(path, environ_overrides={"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": host})
    assert odd.status_code in (200, 400)
    assert odd.status_code == 400 or odd.text == usual.text
    assert "alert" not in odd.text
