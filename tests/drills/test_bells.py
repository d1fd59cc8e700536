"""Each check of what people are shown can fail."""

import dataclasses

import pytest

from tests.drills.conftest import Sent, id_of


def test_what_went_well_is_shown_well(sent: Sent) -> None:
    assert sent.shown_broken(sent.chosen()) == set()
    assert sent.findings.feeds > 10


SPOILT = {
    "feeds show what there is": [
        "DELETE FROM inbox_entries WHERE message_id = :id",
    ],
    "counts equal feeds": [
        # A state of a message that the user never had.
        """INSERT INTO inbox_states SELECT u.id, now(), gen_random_uuid(), now(), now(), NULL FROM users u"""
    ],
    "the history tells the truth": [
        "UPDATE messages SET recipient_count = recipient_count + 1 WHERE id = :id",
        "UPDATE messages SET status = 'sending', completed_at = NULL WHERE id = :id",
    ],
    "the history is whole": ["DELETE FROM message_visibility WHERE message_id = :id"],
}


@pytest.mark.parametrize(
    ("check", "statement"), [(check, one) for check, statements in SPOILT.items() for one in statements]
)
def test_a_broken_promise_is_named(sent: Sent, check: str, statement: str) -> None:
    chosen = sent.chosen()
    if check == "the history is whole":
        # Whoever sent it sees it in any case.
        sent.spoil(
            "UPDATE messages SET sender_id = (SELECT max(id) FROM users WHERE platform_id = messages.platform_id) WHERE id = :id",
            id=id_of(sent.to_everyone),
        )
    sent.spoil(statement, id=id_of(sent.to_everyone))
    assert check in sent.shown_broken(chosen)


def test_a_304_for_what_is_new_and_a_200_for_what_is_not_are_named(sent: Sent) -> None:
    assert sent.shown_broken(sent.readers.choose()) == {"304 only for what is as it was"}
    chosen = [dataclasses.replace(one, etag='"another"') for one in sent.chosen()]
    assert sent.shown_broken(chosen) == {"304 only for what is as it was"}
