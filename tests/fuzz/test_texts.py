"""A title and a body are refused with the field named and nothing stored, or come out of every view exactly as the rules say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests import examples
from tests.apis import Apis
from tests.compose_api.test_text import by_the_letter
from tests.fuzz import strategies
from tests.shared import answers

# Of the texts that the rules let through there are few among those that are drawn at random.
_GOOD = st.text(
    st.one_of(
        st.sampled_from("aé\u0301ᾂ\u0958字😀\u200d\u202b\u2067 \u3000\u200b"),
        st.characters(categories=["L", "M", "N", "S"]),
    ),
    min_size=1,
    max_size=80,
)
_TEXTS = st.one_of(_GOOD, strategies.ANY_TEXT)


@examples.settings(60)
@given(title=_TEXTS, body=_TEXTS, data=st.data())
def test_a_text_comes_back_as_the_rules_say_or_is_refused_with_its_field(
    apis: Apis, title: str, body: str, data: st.DataObject
) -> None:
    message = {"title": title, "body": body, "audience": {"clinics": ["a1"]}}
    expected = {
        "title": by_the_letter(title, maximum=70, is_title=True),
        "body": by_the_letter(body, maximum=1000, is_title=False),
    }
    before = count(apis)
    sent = data.draw(strategies.encodings(message))
    answer = apis.call("POST", "/v1/messages", apis.world["administrator of a1"], data=sent)
    refused = {field for field, text in expected.items() if text is None}
    if refused:
        has_half = any("\ud800" <= c <= "\udfff" for c in title + body)
        if answer.status_code == 413:
            answers.problem(answer, "payload-too-large")
        elif answer.status_code == 400:
            assert has_half, "only what is not UTF-8 is no JSON here"
            answers.problem(answer, "malformed-json")
        else:
            assert set(answers.problem(answer, "validation-failed")["errors"]) == refused
        assert count(apis) == before, "a refusal leaves nothing behind"
        return
    if len(sent) > 320 * 1024:
        answers.problem(answer, "payload-too-large")
        return
    assert answer.status_code == 202, answer.text
    assert count(apis) == before + 1
    message_id = answer.get_json()["id"]
    for who, path in (
        ("administrator of a1", f"/v1/sent-messages/{message_id}"),
        ("member", f"/v1/notifications/{message_id}"),
        ("member", "/v1/notifications?limit=1"),
        ("administrator of a1", "/v1/sent-messages?limit=1"),
    ):
        seen = apis.call("GET", path, apis.world[who]).get_json()
        shown = seen["data"][0] if "data" in seen else seen
        assert (shown["id"], shown["title"], shown["body"]) == (message_id, expected["title"], expected["body"])
    assert {field: answer.get_json()[field] for field in expected} == expected


def count(apis: Apis) -> dict[str, Any]:
    ((rows,),) = apis.rows("SELECT count(*) FROM messages")
    return rows  # type: ignore[no-any-return]
