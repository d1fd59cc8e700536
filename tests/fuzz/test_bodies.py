"""Any JSON and any bytes as the body of a request: accepted only where it says what a message, a choice or a mark says, else refused
with a code, a field where one is at fault, and nothing done.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import errors
from tests import examples
from tests.apis import Apis
from tests.compose_api.test_text import by_the_letter
from tests.fuzz import strategies

CHOICE = {"organisations": ["a", "b"], "clinics": ["a1", "b1"]}
MESSAGE = {"title": "Notice", "body": "News.", "audience": CHOICE}
THROUGH = "00000000-0000-0000-0000-000000000007"
GOOD: dict[str, Any] = {
    "/v1/messages": MESSAGE,
    "/v1/audiences/preview": {"audience": CHOICE},
    "/v1/notifications/seen": {"through": THROUGH},
    "/v1/notifications/read-all": {"through": THROUGH},
}
KNOWN = {"organisations": {"a", "b"}, "clinics": {"a1", "a2", "b1"}}
REFUSALS = {"malformed-json", "validation-failed", "payload-too-large", "not-found"}
TABLES = (
    "messages",
    "message_targets",
    "message_visibility",
    "message_words",
    "inflight_targets",
    "inbox_entries",
    "inbox_states",
)


@examples.settings(40)
@given(data=st.data())
@pytest.mark.parametrize("path", GOOD)
def test_json_is_accepted_only_where_it_means_what_the_rules_ask_for(
    apis: Apis, path: str, data: st.DataObject
) -> None:
    value = data.draw(strategies.mutated(GOOD[path]))
    encoded = data.draw(strategies.encodings(value))
    code = post(apis, path, encoded)
    if code == "accepted":
        assert is_right(path, value), f"accepted: {value!r}"
    elif code == "validation-failed":
        assert not is_right(path, value), f"refused: {value!r}"


@examples.settings(30)
@given(data=st.data())
@pytest.mark.parametrize("path", GOOD)
def test_bytes_that_were_spoilt_on_the_way_are_refused_and_leave_nothing(
    apis: Apis, path: str, data: st.DataObject
) -> None:
    good = data.draw(strategies.encodings(GOOD[path]))
    post(apis, path, data.draw(strategies.spoilt_bytes(good)), data.draw(st.sampled_from([True, False])))


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 30_000,
        b'{"audience":' * 5_000,
        b'{"title":' + b"9" * 5_000 + b"}",
        b'{"title":1e999}',
        b'{"title":-1e-999999}',
        b'{"title":NaN}',
        b'{"through":"%s","through":"%s"}' % (THROUGH.encode(), THROUGH.encode()),
        b'{"audience":{"everyone":true,"everyone":true}}',
        b'{"audience":{"everyone":1}}',
        b'{"audience":{"everyone":1.0}}',
        b'{"audience":{"everyone":"true"}}',
        b'{"audience":{"everyone":[true]}}',
        b'{"audience":{"organisations":"a"}}',
        b'{"audience":{"organisations":{"0":"a"}}}',
        b'{"audience":{"clinics":["a\\u0000"]}}',
        b'{"audience":{"clinics":["\\ud800"]}}',
        b'{"audience":{"clinics":[1]}}',
        b'{"audience":{"clinics":[true]}}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"",
        b"{}" * 100,
        b"{" + b",".join(b'"f%d":1' % number for number in range(5_000)) + b"}",
    ],
    ids=lambda data: repr(data[:30])[2:-1] + f"… {len(data)}" if isinstance(data, bytes) else data.rpartition("/")[2],
)
def test_the_classics_are_refused(apis: Apis, path: str, data: bytes) -> None:
    for chunked in (False, True):
        assert post(apis, path, data, chunked) in ("malformed-json", "validation-failed")


def post(apis: Apis, path: str, body: bytes, chunked: bool = False) -> str:
    """The code of the refusal, or `accepted`; a refusal must have left nothing behind."""
    before = count(apis)
    request: dict[str, Any] = {"data": body}
    if chunked:
        # As a server hands over a body in chunks: it ends where it ends, and nobody has said how long it is.
        request["environ_overrides"] = {
            "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
        }
    answer = apis.call("POST", path, apis.world["platform administrator"], **request)
    if answer.status_code < 300:
        return "accepted"
    code = str(answer.get_json()["code"])
    assert code in REFUSALS, answer.text
    assert answer.status_code == errors.CATALOGUE[code][0]
    assert (code == "validation-failed") == bool(answer.get_json().get("errors"))
    assert count(apis) == before, "a refusal leaves nothing behind"
    return code


def is_right(path: str, value: Any) -> bool:
    """Whether `value` is what the rules ask for, from nothing but the rules."""
    if not isinstance(value, dict) or set(value) != set(GOOD[path]):
        return False
    if "through" in value:
        return value["through"] == THROUGH
    if path == "/v1/messages":
        title, body = value["title"], value["body"]
        if not isinstance(title, str) or by_the_letter(title, maximum=70, is_title=True) is None:
            return False
        if not isinstance(body, str) or by_the_letter(body, maximum=1000, is_title=False) is None:
            return False
    return _is_choice(value["audience"])


def _is_choice(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    if "everyone" in value:
        return set(value) == {"everyone"} and value["everyone"] is True
    if not all(isinstance(chosen, list) and level in KNOWN for level, chosen in value.items()):
        return False
    return any(value.values()) and all(
        isinstance(scope, str) and scope in KNOWN[level] for level, chosen in value.items() for scope in chosen
    )


def count(apis: Apis) -> list[tuple[Any, ...]]:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    return apis.rows(f"SELECT {counts}")
