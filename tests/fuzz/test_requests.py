"""Everything of a request that is not its body: ids in paths, queries, cursors, headers. Strange ones are refused with a code, or ignored
where they are nobody's business; what is read is read strictly.
"""

import re
from datetime import UTC, datetime
from urllib.parse import quote, quote_from_bytes

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from services.inbox_api import cursor
from shared import errors
from tests import examples
from tests.apis import Apis
from tests.fuzz import strategies

WHO = "administrator of a1"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NAMED = [
    ("GET", "/v1/notifications/{}"),
    ("PUT", "/v1/notifications/{}/read"),
    ("DELETE", "/v1/notifications/{}/archived"),
    ("GET", "/v1/sent-messages/{}"),
    ("GET", "/v1/sent-messages/{}/recipients"),
    ("GET", "/v1/sent-messages/{}/recipients/export"),
    ("GET", "/v1/sent-messages/{}/acknowledgements"),
    ("GET", "/v1/sent-messages/{}/acknowledgements/summary"),
    ("GET", "/v1/sent-messages/{}/acknowledgements/export"),
    ("DELETE", "/v1/messages/{}"),
]
LISTS = ["/v1/notifications", "/v1/sent-messages", "/v1/notifications/counts", "/v1/audiences", "/v1/viewer"]
PARAMETERS = {"limit", "after", "status", "organisation", "clinic", "q"}
# In every answer an id like those of the world, spelt in some other way.
SPELLINGS = [
    str.upper,
    lambda i: i.replace("-", ""),
    lambda i: "{" + i + "}",
    lambda i: f"urn:uuid:{i}",
    lambda i: f" {i}",
]


def problem(answer: TestResponse, *codes: str) -> None:
    """It is a refusal with one of these codes, as the catalogue has it."""
    body = answer.get_json(force=True)
    assert body["code"] in codes, body
    assert answer.status_code == body["status"] == errors.CATALOGUE[body["code"]][0]
    assert answer.mimetype == "application/problem+json"
    assert (body["code"] == "validation-failed") == bool(body.get("errors"))


@examples.settings(40)
@given(name=st.one_of(strategies.ANY_TEXT, st.binary(max_size=40)), route=st.sampled_from(NAMED))
def test_an_id_that_is_none_names_nothing(apis: Apis, name: str | bytes, route: tuple[str, str]) -> None:
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
    method, path = route
    answer = apis.call(method, path.format(quote_from_bytes(raw, safe="")), apis.world[WHO])
    problem(answer, "not-found", "method-not-allowed")


@pytest.mark.parametrize("route", NAMED, ids=lambda route: " ".join(route))
def test_an_id_is_spelt_in_one_way(apis: Apis, route: tuple[str, str]) -> None:
    method, path = route
    message_id = apis.send(apis.world[WHO], {"clinics": ["a1"]})
    found = errors.CATALOGUE["acknowledgement-not-requested"][0] if "/acknowledgements" in path else 200
    for respell in SPELLINGS:
        answer = apis.call(method, path.format(quote(respell(message_id))), apis.world[WHO])
        if respell is str.upper and "DELETE /v1/messages" not in " ".join(route):
            assert answer.status_code == found, "the case of hexadecimal digits does not matter"
        elif respell is not str.upper:
            problem(answer, "not-found")


@examples.settings(60)
@given(
    path=st.sampled_from(LISTS),
    query=st.lists(
        st.tuples(
            st.one_of(st.sampled_from(sorted(PARAMETERS)), strategies.TEXTS, st.binary(max_size=8)),
            st.one_of(
                strategies.ANY_TEXT,
                st.binary(max_size=20),
                st.integers(-(10**12), 10**12).map(str),
                st.sampled_from(["1", "100", "all", "unread", "a", "a1", "1e1", "+1", "1.0", "true", "１"]),
            ),
        ),
        max_size=3,
    ),
)
def test_a_query_is_read_strictly(apis: Apis, path: str, query: list[tuple[str | bytes, str | bytes]]) -> None:
    def raw(part: str | bytes) -> str:
        return quote_from_bytes(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))

    text = "&".join(f"{raw(name)}={raw(value)}" for name, value in query)
    answer = apis.call("GET", f"{path}?{text}", apis.world[WHO])
    if answer.status_code != 200:
        problem(answer, "validation-failed", "bad-cursor")
        return
    allowed = {"/v1/notifications": {"limit", "after", "status"}, "/v1/sent-messages": PARAMETERS - {"status"}}
    names = [name for name, _value in query]
    assert set(names) <= allowed.get(path, set()), "nothing unknown is ignored"
    assert len(set(names)) == len(names), "nothing is said twice"
    given_ = dict(query)
    assert "limit" not in given_ or 1 <= int(given_["limit"]) <= 100
    assert given_.get("status", "all") in ("all", "unread", "read", "archived")


@examples.settings(40)
@given(
    micros=st.one_of(
        st.integers(0, 2**64 - 1), st.datetimes(timezones=st.just(UTC)).map(lambda t: int(t.timestamp()) * 10**6)
    ),
    identity=st.binary(min_size=16, max_size=16),
    path=st.sampled_from(LISTS[:2]),
)
def test_a_cursor_that_nobody_gave_out_is_a_position_or_refused(
    apis: Apis, micros: int, identity: bytes, path: str
) -> None:
    text = itsdangerous.Signer("message-hub", salt="cursor-1").sign(f"{micros}.{identity.hex()}").decode()
    answer = apis.call("GET", f"{path}?after={text}&limit=1", apis.world[WHO])
    streamed = apis.call("GET", "/v1/notifications/stream", apis.world[WHO], headers={"Last-Event-ID": text})
    if answer.status_code == 200:
        rows = answer.get_json()["data"]
        assert all(datetime.fromisoformat(row["sent_at"]) <= cursor.decode(text).sent_at for row in rows)
        assert streamed.status_code == 200
    else:
        problem(answer, "bad-cursor")
        problem(streamed, "bad-cursor")


@examples.settings(30)
@given(
    key=st.one_of(
        strategies.HEADER, st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=260)
    )
)
def test_an_idempotency_key_is_visible_ascii_without_commas_and_makes_one_message(apis: Apis, key: str) -> None:
    message = {"title": "Once", "body": "Once.", "audience": {"clinics": ["a1"]}}
    ((before,),) = apis.rows("SELECT count(*) FROM messages")
    first, second = (
        apis.call(
            "POST", "/v1/messages", apis.world[WHO], json=message, environ_overrides={"HTTP_IDEMPOTENCY_KEY": key}
        )
        for _ in range(2)
    )
    ((after,),) = apis.rows("SELECT count(*) FROM messages")
    if re.fullmatch(r"[\x21-\x2b\x2d-\x7e]{1,255}", key):
        assert (first.status_code, second.status_code) == (202, 202)
        assert second.headers["Idempotency-Replayed"] == "true"
        assert first.get_json()["id"] == second.get_json()["id"]
        assert after - before <= 1
    else:
        for answer in (first, second):
            problem(answer, "validation-failed")
            assert set(answer.get_json()["errors"]) == {"Idempotency-Key"}
        assert after == before


@examples.settings(50)
@given(
    header=st.sampled_from(
        [
            "HTTP_IF_NONE_MATCH",
            "HTTP_IF_MATCH",
            "HTTP_IF_MODIFIED_SINCE",
            "HTTP_RANGE",
            "HTTP_ACCEPT",
            "HTTP_ACCEPT_ENCODING",
            "HTTP_X_REQUEST_ID",
            "HTTP_X_FORWARDED_FOR",
            "HTTP_ORIGIN",
            "HTTP_COOKIE",
            "HTTP_LAST_EVENT_ID",
            "CONTENT_TYPE",
            "CONTENT_LENGTH",
            "HTTP_EXPECT",
            "HTTP_HOST",
        ]
    ),
    value=strategies.HEADER,
    path=st.sampled_from([*LISTS, "/v1/notifications/stream"]),
)
def test_a_header_that_makes_no_sense_changes_nothing(apis: Apis, header: str, value: str, path: str) -> None:
    plain = apis.call("GET", path, apis.world[WHO])
    answer = apis.call("GET", path, apis.world[WHO], environ_overrides={header: value})
    if header == "HTTP_LAST_EVENT_ID" and path.endswith("stream") and answer.status_code == 400:
        problem(answer, "bad-cursor")
    elif header in ("HTTP_HOST", "CONTENT_LENGTH") and answer.status_code == 400:  # a length announces a body
        problem(answer, "bad-request")
    elif header == "HTTP_IF_NONE_MATCH" and answer.status_code == 304:
        assert "*" in value or plain.headers["ETag"] in value
    else:
        assert answer.status_code == 200, answer.text
        assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["X-Request-ID"])
        if not path.endswith("stream"):
            assert answer.get_json() == plain.get_json()


@examples.settings(40)
@given(
    value=st.one_of(strategies.HEADER, strategies.HEADER.map(lambda text: f"Bearer {text}")),
    path=st.sampled_from(LISTS),
)
def test_no_made_up_authorization_lets_anybody_in(apis: Apis, value: str, path: str) -> None:
    answer = apis.call("GET", path, environ_overrides={"HTTP_AUTHORIZATION": value})
    problem(answer, "token-missing", "token-invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@examples.settings(40)
@given(value=strategies.HEADER, body=st.sampled_from([b"", b"{}", b"x"]))
def test_a_content_type_that_is_not_json_is_refused(apis: Apis, value: str, body: bytes) -> None:
    answer = apis.call("POST", "/v1/messages", apis.world[WHO], data=body, environ_overrides={"CONTENT_TYPE": value})
    is_json = value.partition(";")[0].strip().lower() == "application/json"
    problem(answer, *(("malformed-json", "validation-failed") if is_json else ("unsupported-media-type",)))
