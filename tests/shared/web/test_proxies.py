"""Proxies in front: their X-Forwarded- headers are believed as far as `proxy_count` says."""

import re
from urllib.parse import urljoin

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.shared.web import frame

CLIENT, INVENTED, BALANCER = "192.0.2.1", "203.0.113.9", "10.0.0.6"
# As deploy/gateway/haproxy.cfg sets them.
GATEWAY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hub.example", "X-Forwarded-Prefix": "/inbox"}


def client_in_log(client: FlaskClient, forwarded: str) -> str | None:
    with structlog.testing.capture_logs() as logged:
        client.get("/nowhere", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    (line,) = logged
    return line["client"]


@pytest.mark.parametrize(
    ("count", "forwarded", "found"),
    [
        (0, CLIENT, "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, CLIENT, CLIENT),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, f"{INVENTED}, {CLIENT}", CLIENT),
        (2, f"{INVENTED}, {CLIENT}, {BALANCER}", CLIENT),
        (2, CLIENT, "127.0.0.1"),  # past the balancer
        (1, "unknown", None),
        (1, "x\x1b[31m", None),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are_counted(
    reader: Engine, count: int, forwarded: str, found: str | None
) -> None:
    assert client_in_log(frame.make_app(reader, proxy_count=count).test_client(), forwarded) == found


def test_the_pages_of_the_document_work_under_the_gateways_prefix(reader: Engine) -> None:
    client = frame.make_app(reader, proxy_count=1).test_client()
    moved = client.get("/docs?deep=1", headers=GATEWAY)
    assert (moved.status_code, moved.headers["Location"]) == (308, "https://hub.example/inbox/docs/?deep=1")
    page = client.get("/docs/", headers=GATEWAY)
    names = [*re.findall(r'(?:src|href)="([^"]+)"', page.text), *re.findall(r'"url": "([^"]+)"', page.text)]
    assert len(names) > 4
    for name in names:
        address = urljoin("https://hub.example/inbox/docs/", name)
        assert address.startswith("https://hub.example/inbox/"), name
        path = address.removeprefix("https://hub.example/inbox")
        assert client.get(path, headers=GATEWAY, buffered=True).status_code == 200, name


def test_without_a_proxy_no_forwarded_header_is_believed(client: FlaskClient) -> None:
    assert client.get("/docs", headers=GATEWAY).headers["Location"] == "http://localhost/docs/"
