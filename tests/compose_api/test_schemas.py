"""The shapes of requests, through HTTP: what is refused, under which code and at which field."""

import json
from typing import Any

import pytest

from services.compose_api import content_schemas as schemas
from services.compose_api import schemas as answer_schemas
from services.compose_api.actions import audiences
from shared.sent_messages.store import Person
from shared.web import json_response as written
from tests.compose_api.hub import EVERYONE, Hub, World
from tests.shared import answers

GOOD = {"title": "Notice", "body": "News.", "audience": EVERYONE}


def fields(errors: Any, at: str = "") -> set[str]:
    """The paths of all fields that have an error."""
    if isinstance(errors, dict):
        return set().union(*(fields(below, f"{at}.{name}".lstrip(".")) for name, below in errors.items()))
    return {at}


@pytest.mark.parametrize(
    ("audience", "where"),
    [
        ({"everyone": "yes"}, "everyone"),
        ({"everyone": "true"}, "everyone"),
        ({"everyone": 1}, "everyone"),
        ({"everyone": 1.0}, "everyone"),
        ({"everyone": False}, "everyone"),
        ({"everyone": None}, "everyone"),
        ({"everyone": []}, "everyone"),
        ({"everyone": {}}, "everyone"),
        ({"everyone": True, "organisations": ["a"]}, "everyone"),
        ({"everyone": True, "clinics": []}, "everyone"),
        ({"everyone": True, "other": 1}, "other"),
        ({}, "organisations"),
        ({"organisations": []}, "organisations"),
        ({"organisations": [], "clinics": []}, "organisations"),
        ({"organisations": None}, "organisations"),
        ({"organisations": "a"}, "organisations"),
        ({"organisations": {"a": 1}}, "organisations"),
        ({"organisations": ["a", 1]}, "organisations.1"),
        ({"organisations": [True]}, "organisations.0"),
        ({"organisations": [None]}, "organisations.0"),
        ({"organisations": [["a"]]}, "organisations.0"),
        ({"clinics": ["a1", ""]}, "clinics.1"),
        ({"clinics": ["a" * 256]}, "clinics.0"),
        ({"clinics": ["a\0"]}, "clinics.0"),
        ({"clinics": ["a\ud800"]}, "clinics.0"),
        ({"clinics": ["\udfff"], "organisations": ["\0"]}, "clinics.0 organisations.0"),
        ({"clinics": [str(number) for number in range(1001)]}, "clinics"),
        (
            {"clinics": [str(number) for number in range(500)], "organisations": [str(n) for n in range(501)]},
            "organisations",
        ),
        ([], ""),
        ("everyone", ""),
        (True, ""),
        (None, ""),
    ],
    ids=lambda value: json.dumps(value)[:50] if not isinstance(value, str) else "",
)
def test_an_audience_of_another_shape_is_refused_where_it_is_wrong(
    hub: Hub, world: World, audience: Any, where: str
) -> None:
    who = world["platform administrator"]
    expected = {f"audience.{path}".rstrip(".") for path in where.split(" ")}
    message = {**GOOD, "audience": audience}
    for answer in (hub.call("POST", "/v1/messages", who, json=message), hub.preview(who, audience)):
        assert set(fields(answers.problem(answer, "validation-failed")["errors"])) == expected


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"title": True}, "title"),
        ({"title": ["Notice"]}, "title"),
        ({"title": ""}, "title"),
        ({"title": "a" * 71}, "title"),
        ({"body": {}}, "body"),
        ({"body": "a" * 1001}, "body"),
        ({"body": "\u2800"}, "body"),
        ({"title": 1, "body": 2, "audience": 3}, "title body audience"),
        ({"audience": None}, "audience"),
        ({"category": 1}, "category"),
        ({"category": "nothing of that name"}, "category"),
        ({"category": "Service"}, "category"),
        ({"category": ""}, "category"),
        ({"priority": "urgent"}, "priority"),
        ({"priority": None}, "priority"),
        *(
            ({field: time}, field)
            for field in ("expires_at", "pinned_until")
            for time in (
                *(
                    1,
                    True,
                    {},
                    "",
                    "tomorrow",
                    "2099-01-01",
                    "2099-01-01T00:00:00",
                    "2099-01-01 00:00:00Z",
                    "2099-02-30T00:00:00Z",
                ),
                *(
                    "2099-W01-1T00:00:00Z",
                    "20990101T000000Z",
                    "2099-01-01T00:00Z",
                    "2099-01-01T00:00:00+25:00",
                    "\u0662099-01-01T00:00:00Z",
                ),
                *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"),
            )
        ),
        ({"pinned_until": "2026-01-01T00:00:00Z"}, "pinned_until"),
        ({"pinned_until": "9999-12-31T23:59:59Z"}, "pinned_until"),
        ({"other": 1}, "other"),
        ({"": 1}, ""),
        ({"other": 1, "sender": "x"}, "other sender"),
        ({"é\u2028<b>": 1}, "é\u2028<b>"),
    ],
    ids=repr,
)
def test_a_message_of_another_shape_is_refused_where_it_is_wrong(
    hub: Hub, world: World, change: dict[str, Any], where: str
) -> None:
    answer = hub.call("POST", "/v1/messages", world["platform administrator"], json={**GOOD, **change})
    body = answers.problem(answer, "validation-failed")
    assert set(fields(body["errors"])) == set(where.split(" "))
    assert not hub.published.contracts


@pytest.mark.parametrize("audience", [[], "everyone", 1])
def test_what_is_no_object_is_told_so_where_it_stands(hub: Hub, world: World, audience: Any) -> None:
    answer = hub.preview(world["platform administrator"], audience)
    assert answers.problem(answer, "validation-failed")["errors"] == {"audience": ["Must be a JSON object."]}


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_every_field_of_a_message_is_needed(hub: Hub, world: World, missing: str) -> None:
    kept = {name: value for name, value in GOOD.items() if name != missing}
    answer = hub.call("POST", "/v1/messages", world["platform administrator"], json=kept)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {missing}


@pytest.mark.parametrize(
    "name", ["\\ud800", "\\udfff\\u0000", "\\u0000", "'; --", "a" * 60_000], ids=lambda name: name[:20]
)
def test_a_field_name_that_cannot_be_written_is_named_all_the_same(hub: Hub, world: World, name: str) -> None:
    data = json.dumps(GOOD)[:-1] + f', "{name}": 1' + "}"
    answer = hub.call("POST", "/v1/messages", world["platform administrator"], data=data)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {json.loads(f'"{name}"')}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ('{"title": "a", "title": "b", "body": "c", "audience": {"everyone": true}}', "title"),
        ('{"title": "a", "title": "a", "body": "c", "audience": {"everyone": true}}', "title"),
        ('{"title": "a", "body": "c", "audience": {"everyone": true, "everyone": true}}', "everyone"),
        ('{"title": "a", "body": "c", "audience": {"clinics": ["a1"], "clinics": ["b1"]}}', "clinics"),
        ('{"titl\\u0065": "a", "title": "b", "body": "c", "audience": {"everyone": true}}', "title"),
        ('{"\\ud800": 1, "\\ud800": 2}', "\ud800"),
    ],
)
def test_a_repeated_field_is_refused_even_with_the_same_value(hub: Hub, world: World, data: str, name: str) -> None:
    answer = hub.call("POST", "/v1/messages", world["platform administrator"], data=data)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {name}


def test_duplicates_are_folded_before_scopes_are_counted(hub: Hub, world: World) -> None:
    message = hub.sent(
        world["platform administrator"], {"clinics": ["a2", "a1"] * 1000 + ["b1", "a2"], "organisations": ["b", "b"]}
    )
    assert message["audience"] == {"organisations": ["b"], "clinics": ["a2", "a1", "b1"]}


def test_a_scope_in_another_normal_form_is_the_one_that_the_directory_has() -> None:
    assert schemas.AudienceIn().load({"clinics": ["cafe\u0301", "caf\u00e9"]}).clinics == ("caf\u00e9",)


def test_a_thousand_scopes_are_allowed_and_the_first_unknown_ones_are_named(hub: Hub, world: World) -> None:
    ids = [f"none-{number}" for number in range(1000)]
    answer = hub.send(world["platform administrator"], {"clinics": ids})
    named = answers.problem(answer, "validation-failed")["errors"]["audience"]["clinics"]
    assert len(named) == 21
    assert all(name in sentence for name, sentence in zip(ids, named[:20], strict=False))
    assert named[20] == "980 more are not valid."


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "é", "\x7f", "a" * 256, "a\x00b", "\u00a0"], ids=repr)
def test_an_idempotency_key_that_is_not_visible_ascii_is_refused(hub: Hub, world: World, key: str) -> None:
    before = hub.count_messages(world.platform)
    raw = {"HTTP_IDEMPOTENCY_KEY": key}  # the test client itself would refuse to send some of them
    answer = hub.call("POST", "/v1/messages", world["platform administrator"], json=GOOD, environ_overrides=raw)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"Idempotency-Key"}
    assert hub.count_messages(world.platform) == before


@pytest.mark.parametrize("key", ["!", "~", "a" * 255, "{'\"\\;--}"])
def test_any_visible_ascii_is_an_idempotency_key(hub: Hub, world: World, key: str) -> None:
    hub.sent(world["platform administrator"], key=key)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/audiences"),
        ("POST", "/v1/audiences/preview"),
        ("POST", "/v1/messages"),
        ("DELETE", "/v1/messages/x"),
    ],
)
@pytest.mark.parametrize("query", ["x=1", "x", "x=1&x=2", "%00=%ff", "%ed%a0%80=1", "title=a"])
def test_an_unknown_query_parameter_is_refused(hub: Hub, world: World, method: str, path: str, query: str) -> None:
    body = {"json": GOOD} if method == "POST" else {}
    answer = hub.call(method, f"{path}?{query}", world["platform administrator"], **body)
    assert len(answers.problem(answer, "validation-failed")["errors"]) == 1


def test_a_json_body_that_is_no_object_is_refused(hub: Hub, world: World) -> None:
    for body in ([GOOD], [], "a", 1, True, None):
        answer = hub.call("POST", "/v1/messages", world["platform administrator"], json=body)
        answers.problem(answer, "validation-failed")


def test_a_tree_written_past_the_schema_is_what_the_schema_would_write() -> None:
    clinics = (audiences.Clinic("c1", "Ühlinger Straße", 3), audiences.Clinic("c2", "B", 0))
    tree = audiences.Audiences(
        viewer=Person("ada", "Ada"),
        everyone=True,
        user_count=None,
        organisations=(audiences.Organisation("o1", "A", 3, False, clinics),),
    )
    assert written.write(tree).get_json() == answer_schemas.AudiencesOut().dump(tree)


@pytest.mark.parametrize(
    "ids",
    [
        [f"\0{number}" for number in range(15_000)],
        [f"nowhere-{number}" for number in range(1_000)],
        [*range(1_000)],
        ["9" * 300] * 2 + [f"{n:0300}" for n in range(700)],
    ],
    ids=["too many", "unknown", "no strings", "too long"],
)
def test_an_answer_names_at_most_twenty_errors_however_many_there_are(hub: Hub, world: World, ids: list[Any]) -> None:
    answer = hub.send(world["platform administrator"], {"clinics": ids})
    answers.problem(answer, "validation-failed")
    assert len(answer.get_data()) < 4_000


def test_a_thousand_unknown_fields_are_reported_with_their_number(hub: Hub, world: World) -> None:
    body = {**GOOD, **{f"field-{number}": 1 for number in range(1_000)}}
    problem = answers.problem(
        hub.call("POST", "/v1/messages", world["platform administrator"], json=body), "validation-failed"
    )
    assert problem["errors"]["more"] == ["980 more are not valid."]
    assert problem["detail"].endswith("and 980 more.")
