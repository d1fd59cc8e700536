"""Bodies that cannot be read. Whatever is sent, the answer is a refusal with a code and never a failure."""

import json

import pytest

from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

GOOD = json.dumps({"title": "Notice", "body": "News.", "audience": EVERYONE}).encode()
PATHS = ["/v1/messages", "/v1/audiences/preview"]
LIMIT = 320 * 1024


def post(hub: Hub, world: World, path: str, data: bytes, content_type: str = "application/json") -> str:
    answer = hub.call("POST", path, world["platform administrator"], data=data, content_type=content_type)
    code = answer.get_json(force=True)["code"] if answer.status_code >= 400 else "accepted"
    if code != "accepted":
        answers.problem(answer, code)
    return str(code)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        GOOD[:-1],
        GOOD + b"}",
        GOOD + GOOD,
        GOOD.replace(b'"', b"'"),
        GOOD[:-1] + b",}",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-16-le"),
        GOOD.decode().encode("utf-32"),
        GOOD.replace(b"News", b"N\xe9ws"),
        GOOD.replace(b"News", b"\xed\xa0\x80"),
        GOOD.replace(b"News", b"a\nb"),
        GOOD.replace(b"News", b"a\x00b"),
        GOOD.replace(b"News", b"\\x00"),
        GOOD.replace(b"News", b"\\u12"),
        b"[" * 30_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"title": ' + b"9" * 5_000 + b"}",
        b'{"title": -' + b"9" * 60_000 + b"}",
        b'{"title": 1e999}',
        b'{"title": -1e999}',
        b'{"title": ' + b"9" * 400 + b".0}",
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": -Infinity}',
        b'{"title": "a", "title": "b"',
        b'{"audience": {"everyone": true, "everyone": true}',
        b"title=a&body=b",
        b"\x00" * 100,
    ],
    ids=lambda data: repr(data[:24])[2:-1] if isinstance(data, bytes) else data,
)
def test_what_is_not_json_that_makes_sense_is_malformed(hub: Hub, world: World, path: str, data: bytes) -> None:
    assert post(hub, world, path, data) == "malformed-json"


def test_why_a_body_is_malformed_is_told_without_words_of_the_implementation(hub: Hub, world: World) -> None:
    for data in (b'{"title": ' + b"9" * 5_000 + b"}", b"[" * 30_000, b"\xff", b'{"title": NaN}', b"{"):
        answer = hub.call("POST", "/v1/messages", world["platform administrator"], data=data)
        detail = answers.problem(answer, "malformed-json")["detail"]
        assert not any(word in detail for word in ("sys.", "codec", "recursion", "Python", "Error"))


@pytest.mark.parametrize("path", PATHS)
def test_320_kib_are_read_and_one_byte_more_is_too_large(hub: Hub, world: World, path: str) -> None:
    padding = b" " * (LIMIT - len(GOOD))
    assert post(hub, world, path, GOOD + padding) in ("accepted", "validation-failed")
    assert post(hub, world, path, GOOD + padding + b" ") == "payload-too-large"
    answer = hub.call("POST", path, world["platform administrator"], data=GOOD + padding + b" ")
    assert answers.problem(answer, "payload-too-large")["detail"] == "Send at most 320 KiB."


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
def test_another_content_type_is_unsupported(hub: Hub, world: World, path: str, content_type: str) -> None:
    assert post(hub, world, path, GOOD, content_type) == "unsupported-media-type"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"])
def test_parameters_and_case_of_the_content_type_do_not_matter(hub: Hub, world: World, content_type: str) -> None:
    assert post(hub, world, "/v1/messages", GOOD, content_type) == "accepted"


def test_thousands_of_repeated_fields_are_refused_at_once(hub: Hub, world: World) -> None:
    data = b"{" + b",".join(b'"%04x":1' % (number % 3000) for number in range(6500)) + b"}"
    assert post(hub, world, "/v1/messages", data) == "validation-failed"


@pytest.mark.parametrize("path", ["/v1", "/v1/messages/", "/v1/message", "/v1/messages/x/y", "/%00", "/v1/%ff"])
def test_an_address_that_is_not_there_is_not_found(hub: Hub, world: World, path: str) -> None:
    answers.problem(hub.call("GET", path, world["platform administrator"]), "not-found")


def test_a_wrong_method_is_told_the_right_ones(hub: Hub, world: World) -> None:
    answer = hub.call("PATCH", "/v1/messages", world["platform administrator"])
    answers.problem(answer, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]
