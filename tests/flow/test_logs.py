"""What a hub writes to its logs while it is used and abused, at the most talkative level: no words, no secrets, nothing forged."""

import json
import re
import socket
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from drills.hub import INBOX_API
from tests import factories
from tests.flow.conftest import Tree
from tests.flow.hub import Hub, wait_until

TITLE, BODY, KEY, QUERY, FIELD = (f"planted-{what}-5f1c" for what in ("title", "body", "key", "query", "field"))
# What a terminal obeys, and what would begin a line of its own.
FORGED = 'x\x1b[31m\r\n{"event": "forged"}\x9b31m\u2028'


def _lengths(hub: Hub) -> dict[str, int]:
    """Of all logs, in bytes."""
    return {path.name: path.stat().st_size for path in hub.folder.glob("*.log")}


def _read(hub: Hub, before: dict[str, int]) -> dict[str, str]:
    """What was logged since the logs had these lengths: other tests use the same hub."""
    logs = {path.name: path.read_bytes() for path in hub.folder.glob("*.log")}
    return {name: log[before.get(name, 0) :].decode() for name, log in logs.items()}


def _send_raw(url: str, *lines: bytes) -> None:
    """A request as no library would send it."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.sendall(b"\r\n".join((*lines, b"Connection: close", b"", b"")))
        connection.settimeout(5)
        while connection.recv(4_096):
            pass


def _use(hub: Hub, tree: Tree, compose: str, inbox: str) -> list[str]:
    """A message's life, and what goes wrong on the way. The tokens that were sent."""
    headers = factories.bearer(tree.administrator, tree.platform)
    forged = factories.token(tree.administrator.external_id, tree.platform.key, secret="0" * 40)
    # As far as the server lets anything odd through at all.
    odd: dict[str, Any] = {
        **{name: value.encode() for name, value in headers.items()},
        **{"User-Agent": b"ua\x9b31m", "X-Forwarded-For": b"1.1.1.1\x9b31m", "Referer": b"planted-referer-5f1c"},
    }
    message = {"title": TITLE, "body": BODY, "audience": {"everyone": True}}
    http = hub.http
    for _ in range(2):
        sent = http.post(f"{compose}/v1/messages", json=message, headers={**odd, "Idempotency-Key": KEY.encode()})
        assert sent.status_code == 202, sent.text
    message_id = sent.json()["id"]
    refused = [
        http.post(f"{compose}/v1/messages", json={**message, "title": TITLE * 9}, headers=odd),
        http.post(f"{compose}/v1/messages", json={**message, FIELD: 1, FORGED: 2}, headers=odd),
        http.post(
            f"{compose}/v1/messages", json={**message, "audience": {"clinics": [f"{FIELD}{FORGED}"]}}, headers=odd
        ),
        http.post(f"{compose}/v1/messages", content=TITLE.encode(), headers=odd),
        http.post(f"{compose}/v1/messages", json=message, headers={"Authorization": f"Bearer {forged}"}),
        http.post(
            f"{compose}/v1/messages", json={**message, "title": "x"}, headers={**odd, "Idempotency-Key": KEY.encode()}
        ),
        http.delete(f"{compose}/v1/messages/{QUERY}%0d%0a%1b[31m", headers=odd),
        http.get(f"{compose}/{QUERY}%0d%0a%1b[31m", headers=odd),
        http.request("BR\x45W", f"{compose}/v1/messages", headers=odd),
        http.get(f"{inbox}/v1/notifications?{QUERY}%0d%0a=%1b[31m", headers=odd),
        http.get(f"{inbox}/v1/notifications?after={QUERY}", headers=odd),
        http.get(f"{inbox}/v1/notifications/{QUERY}", headers={**odd, "X-Request-ID": b"planted-id-5f1c\x9b31m"}),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refused), [answer.status_code for answer in refused]
    for path in ("", "/counts", f"/{message_id}"):
        assert http.get(f"{inbox}/v1/notifications{path}", headers=odd).status_code == 200
    assert http.put(f"{inbox}/v1/notifications/{message_id}/read", headers=odd).status_code == 200
    hub.wait_sent(tree.administrator, tree.platform, message_id)
    assert http.delete(f"{compose}/v1/messages/{message_id}", headers=odd).status_code == 200
    for url in (compose, inbox):
        _send_raw(url, b"GET /\x1b[31m\x00 HTTP/1.1", b"Host: x")
        _send_raw(url, b"\x16\x03\x01planted-garbage-5f1c")
        _send_raw(url, b"GET /healthz HTTP/1.1", b"Host: x\x1b[31m", b"X-Request-ID: planted-id-5f1c\x1b[31m")
    return [headers["Authorization"].removeprefix("Bearer "), forged]


def test_logs_hold_no_words_no_secrets_and_no_line_that_a_client_wrote(hub: Hub, tree: Tree) -> None:
    before = _lengths(hub)
    hub.start_workers(1, log_level="debug")
    with (
        hub.another_compose_api(log_level="debug", proxy_count="1"),
        hub.another(INBOX_API, log_level="debug") as (inbox, _process),
    ):
        ended = str(uuid.uuid4())
        tokens = _use(hub, tree, hub.apis.compose_url, inbox)
        with httpx.Client(timeout=5) as client:
            client.get(f"{inbox}/v1/notifications/counts", headers={"X-Request-ID": ended})
        wait_until(lambda: any(ended in log for log in _read(hub, before).values()), what="the last request is logged")
    logs = _read(hub, before)
    secrets = [
        *tokens,
        *(token.rpartition(".")[2] for token in tokens),
        hub.environment["HUB_JWT_SECRET"],
        *(urlsplit(hub.environment[name]).password or "none-is-set" for name in ("HUB_DATABASE_URL", "HUB_REDIS_URL")),
    ]
    for name, text in logs.items():
        assert "5f1c" not in text, f"{name}: {_around(text, '5f1c')}"
        for secret in secrets:
            assert secret not in text, name
        assert not re.search(r"[^\n\t\x20-\x7e\x80-\U0010ffff]|[\x80-\x9f\u2028\u2029]", text), name
    for name in ("compose_api.log", "another_inbox_api.log"):
        lines = [json.loads(line) for line in logs[name].splitlines()]
        assert all(line["event"] != "forged" for line in lines)
        named = {(line["platform"], line["user_id"]) for line in lines if "user_id" in line}
        assert named == {(tree.platform.key, tree.administrator.external_id)}, "the ids that are known outside"
    for name, text in logs.items():
        assert not re.search(r"(platform|sender|scope|recalled_by)_id", text), f"{name}: no internal ids"


def _around(text: str, found: str) -> str:
    at = text.index(found)
    return text[max(0, at - 300) : at + 100]


def test_the_folder_of_logs_is_what_is_looked_at(hub: Hub) -> None:
    assert {"compose_api.log", "inbox_api.log"} <= {path.name for path in Path(hub.folder).glob("*.log")}


def test_the_server_says_nothing_about_itself(hub: Hub) -> None:
    for url in (hub.apis.compose_url, hub.apis.inbox_url):
        for path in ("/healthz", "/nowhere", "/docs/"):
            headers = hub.http.get(f"{url}{path}").headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers.get_list("server") == ["message-hub"], "not the software that serves it"
            assert not {"x-powered-by", "via"} & set(headers)
