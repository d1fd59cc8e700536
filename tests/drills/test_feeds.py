"""Each invariant about what people are shown can be violated."""

import dataclasses
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Sent


def test_what_went_well_is_shown_well(sent: Sent) -> None:
    assert sent.violated_feeds(sent.chosen()) == set()
    assert sent.findings.feeds > 10


def test_a_follow_up_is_missed_and_not_wanted_as_its_recipients_are(sent: Sent) -> None:
    chosen = sent.chosen()
    sent.corrupt("DELETE FROM inbox_entries WHERE message_id = :id", id=sent.follow_up.message_id)
    assert "feeds show what is stored" in sent.violated_feeds(chosen)


CORRUPTIONS = {
    "feeds show what is stored": [
        "DELETE FROM inbox_entries WHERE message_id = :id",
    ],
    "counts equal feeds": [
        # A state of a message that the user never had.
        """INSERT INTO inbox_states SELECT u.id, now(), gen_random_uuid(), now(), now(), NULL, now() FROM users u"""
    ],
    "the history is true": [
        "UPDATE messages SET recipient_count = recipient_count + 1 WHERE id = :id",
        "UPDATE messages SET status = 'sending', completed_at = NULL WHERE id = :id",
    ],
    "the history is whole": ["DELETE FROM message_visibility WHERE message_id = :id"],
}


@pytest.mark.parametrize(
    ("check", "statement"), [(check, one) for check, statements in CORRUPTIONS.items() for one in statements]
)
def test_a_violation_is_named(sent: Sent, check: str, statement: str) -> None:
    chosen = sent.chosen()
    if check == "the history is whole":
        # A sender sees their own message in any case.
        sent.corrupt(
            "UPDATE messages SET sender_id = (SELECT max(id) FROM users WHERE platform_id = messages.platform_id) WHERE id = :id",
            id=sent.to_everyone.message_id,
        )
    sent.corrupt(statement, id=sent.to_everyone.message_id)
    assert check in sent.violated_feeds(chosen)


def reversed_page(request: httpx.Request, answer: httpx.Response, document: Any) -> httpx.Response | None:
    if request.url.path != "/v1/notifications" or not document:
        return None
    return again(answer, {**document, "data": document["data"][::-1]})


def other_alone(request: httpx.Request, answer: httpx.Response, document: Any) -> httpx.Response | None:
    alone = answer.status_code == 200 and len(request.url.path) > len("/v1/notifications/counts")
    return again(answer, {**document, "title": "Another"}) if alone else None


def shown_though_recalled(request: httpx.Request, answer: httpx.Response, document: Any) -> httpx.Response | None:
    return httpx.Response(200, json={}) if answer.status_code == 404 else None


def one_more_unseen(request: httpx.Request, answer: httpx.Response, document: Any) -> httpx.Response | None:
    return again(answer, {**document, "unseen_count": 99}) if request.url.path.endswith("/counts") else None


def again(answer: httpx.Response, document: Any) -> httpx.Response:
    return httpx.Response(answer.status_code, headers={"ETag": answer.headers["ETag"]}, json=document)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (reversed_page, "newest first, each once"),
        (other_alone, "feeds show what is stored"),
        (shown_though_recalled, "recalled is gone"),
        (one_more_unseen, "counts equal feeds"),
    ],
)
def test_an_answer_that_says_something_else_is_named(sent: Sent, change: Any, check: str) -> None:
    chosen = sent.chosen()
    sent.answers.change = change
    assert check in sent.violated_feeds(chosen)


def test_a_304_for_what_is_new_and_a_200_for_what_is_not_are_named(sent: Sent) -> None:
    assert sent.violated_feeds(sent.readers.choose()) == {"304 only for what is unchanged"}
    chosen = [dataclasses.replace(one, etag='"another"') for one in sent.chosen()]
    assert sent.violated_feeds(chosen) == {"304 only for what is unchanged"}
