"""Query parameters and bodies, read strictly. How a service answers each is in its own tests."""

import gzip
import io

import pytest
from flask.testing import FlaskClient

from tests.shared import answers


@pytest.mark.parametrize("number", ["0", "1", "999999999"])
def test_a_whole_number_is_read(client: FlaskClient, user: dict[str, str], number: str) -> None:
    assert client.get(f"/whoami?limit={number}", headers=user).get_json()["limit"] == int(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "-1",
        "%2B1",
        "00",
        "007",
        "000000001",
        "1.0",
        "1e3",
        "1_0",
        "%201",
        "1%20",
        "x",
        "%D9%A1",
        "%EF%BC%91",
        "1000000000",
        "true",
    ],
)
def test_anything_but_plain_digits_is_no_number(client: FlaskClient, user: dict[str, str], number: str) -> None:
    answer = client.get(f"/whoami?limit={number}", headers=user)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"limit"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=1&limit=1", {"limit"}),
        ("limit=1&other=1", {"other"}),
        ("other=1&more", {"other", "more"}),
        ("Limit=1", {"Limit"}),
        ("limit[]=1", {"limit[]"}),
        ("limit%00=1", {"limit\0"}),
    ],
)
def test_unknown_and_repeated_parameters_are_named(
    client: FlaskClient, user: dict[str, str], query: str, names: set[str]
) -> None:
    answer = client.get(f"/whoami?{query}", headers=user)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == names


def test_a_route_with_a_body_knows_no_parameters_and_reads_the_body_first(
    client: FlaskClient, user: dict[str, str]
) -> None:
    answers.problem(client.post("/echo?x=1", headers=user, json={"word": "a"}), "validation-failed")
    answers.problem(client.post("/echo?x=1", headers=user, data="{", content_type="application/json"), "malformed-json")


def test_a_route_without_a_body_refuses_one(client: FlaskClient, user: dict[str, str]) -> None:
    for data, code in ((b"{}", "bad-request"), (b"x" * 70_000, "bad-request"), (b"x" * 400_000, "payload-too-large")):
        answers.problem(client.get("/whoami?limit=x", headers=user, data=data), code)
        chunks = {"wsgi.input": io.BytesIO(data), "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
        answers.problem(client.get("/whoami", headers=user, environ_overrides=chunks), code)
    empty = {"wsgi.input": io.BytesIO(), "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert client.get("/whoami", headers=user, environ_overrides=empty).status_code == 200
    assert client.get("/whoami", headers={**user, "Content-Length": "0"}, json=None).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "identity, gzip", "x", "utf-8"])
def test_a_body_with_a_content_encoding_is_unsupported(
    client: FlaskClient, user: dict[str, str], encoding: str
) -> None:
    for data in (b'{"word": "a"}', gzip.compress(b'{"word": "a"}')):
        headers = {**user, "Content-Encoding": encoding, "Content-Type": "application/json"}
        answers.problem(client.post("/echo", headers=headers, data=data), "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_identity_is_no_encoding(client: FlaskClient, user: dict[str, str], encoding: str) -> None:
    answer = client.post("/echo", headers={**user, "Content-Encoding": encoding}, json={"word": "a"})
    assert answer.get_json() == {"word": "a"}


@pytest.mark.parametrize(("method", "path"), [("get", "/whoami"), ("Get", "/open"), ("post", "/echo")])
def test_a_method_in_lower_case_is_no_method(client: FlaskClient, user: dict[str, str], method: str, path: str) -> None:
    answer = client.open(path, headers=user, environ_overrides={"REQUEST_METHOD": method})
    answers.problem(answer, "method-not-allowed")
    assert method.upper() in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        (b'{"word": "a"', "syntax error in line 1, column 13"),
        (b'{\n  "word": a}', "syntax error in line 2, column 11"),
        (b"{} {}", "syntax error in line 1, column 4"),
        (b'{"word": NaN}', "NaN is not JSON"),
        ('{"word": "a"}'.encode("utf-16"), "it is not UTF-8"),
        (b"[" * 30_000, "it is nested too deeply"),
    ],
)
def test_why_a_body_cannot_be_read_is_said_in_words_of_ours(
    client: FlaskClient, user: dict[str, str], data: bytes, reason: str
) -> None:
    answer = client.post("/echo", headers=user, data=data, content_type="application/json")
    detail = answers.problem(answer, "malformed-json")["detail"]
    assert detail == f"The body is not JSON that makes sense: {reason}."


def test_a_body_is_read_in_utf_8(client: FlaskClient, user: dict[str, str]) -> None:
    data = '{"word": "ü字😀 \\ud83d\\ude00"}'.encode()
    answer = client.post("/echo", headers=user, data=data, content_type="application/json")
    assert answer.get_json() == {"word": "ü字😀 😀"}
    assert "ü字😀".encode() in answer.data
