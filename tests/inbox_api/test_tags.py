"""The ETags that a process keeps, and what a poll costs that finds nothing new."""

import pytest

from services.inbox_api import tags as kept_tags
from tests import factories, statements
from tests.inbox_api.hub import Hub

COUNTS = "/v1/notifications/counts"


def test_a_tag_is_found_only_for_the_inbox_version_it_was_kept_with() -> None:
    tags = kept_tags.Tags()
    tags.keep(user_id=1, request=COUNTS, inbox_version="a", tag="one")
    assert tags.find(user_id=1, request=COUNTS, inbox_version="a") == "one"
    assert tags.find(user_id=1, request=COUNTS, inbox_version="b") is None
    assert tags.find(user_id=2, request=COUNTS, inbox_version="a") is None
    assert tags.find(user_id=1, request="/v1/notifications", inbox_version="a") is None
    tags.keep(user_id=1, request=COUNTS, inbox_version="b", tag="two")
    assert tags.find(user_id=1, request=COUNTS, inbox_version="a") is None
    assert tags.find(user_id=1, request=COUNTS, inbox_version="b") == "two"


def test_a_full_cache_drops_its_oldest_tags() -> None:
    tags = kept_tags.Tags(size=3)
    for user_id in (1, 2, 3, 1, 4):
        tags.keep(user_id=user_id, request=COUNTS, inbox_version="a", tag=f"tag {user_id}")
    assert [tags.find(user_id=user_id, request=COUNTS, inbox_version="a") is not None for user_id in (1, 2, 3, 4)] == [
        True,
        False,
        True,
        True,
    ]
    tags.keep(user_id=5, request="/v1/notifications?after=" + "x" * 500, inbox_version="a", tag="long")
    assert tags.find(user_id=1, request=COUNTS, inbox_version="a") is not None


@pytest.fixture
def polled(hub: Hub, sender: factories.User, user: factories.User, platform: factories.Platform) -> str:
    """The ETag of the user's counts with one message under the bell; asked once with it, so that it is kept."""
    hub.deliver(sender, platform)
    return str(hub.ask(user, COUNTS).headers["ETag"])


def test_a_poll_that_finds_nothing_new_is_one_statement(hub: Hub, user: factories.User, polled: str) -> None:
    with statements.counted() as sent:
        answer = hub.ask(user, COUNTS, headers={"If-None-Match": polled})
    assert (answer.status_code, answer.get_data()) == (304, b"")
    assert len(sent) == 1, sent
    assert answer.headers["ETag"] == polled
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("private, no-cache", "Authorization")


def test_a_weak_or_listed_tag_is_known_too_and_another_one_is_not(hub: Hub, user: factories.User, polled: str) -> None:
    for known in (f"W/{polled}", f'"other", {polled}', "*"):
        assert hub.ask(user, COUNTS, headers={"If-None-Match": known}).status_code == 304, known
    answer = hub.ask(user, COUNTS, headers={"If-None-Match": '"other"'})
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"unread_count": 1, "unseen_count": 1, "to_acknowledge_count": 0},
    )


@pytest.mark.parametrize("change", ["message", "recall", "read", "archived", "seen", "retention", "name"])
def test_whatever_changes_an_inbox_is_told_at_the_next_poll(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, polled: str, change: str
) -> None:
    feed = hub.ask(user, "/v1/notifications")
    (message,) = feed.get_json()["data"]
    if change == "message":
        hub.send(sender, platform)
    elif change == "recall":
        hub.execute("UPDATE messages SET recalled_at = now(), recalled_by_id = :by", by=sender.id)
    elif change in ("read", "archived"):
        hub.ask(user, f"/v1/notifications/{message['id']}/{change}", method="PUT")
    elif change == "seen":
        hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": message["id"]})
    elif change == "retention":
        hub.execute("DELETE FROM inbox_entries")
        hub.execute("UPDATE inbox_retention SET dropped_before = now()")
    else:
        hub.execute("UPDATE users SET name = 'Somebody Else' WHERE id = :id", id=sender.id)
        hub.execute("UPDATE platforms SET directory_version = directory_version + 1")
    later = hub.ask(user, "/v1/notifications", headers={"If-None-Match": feed.headers["ETag"]})
    assert later.status_code == 200
    assert later.get_json() != feed.get_json()
    counts = hub.ask(user, COUNTS, headers={"If-None-Match": polled})
    assert counts.status_code == (304 if change == "name" else 200)


def test_what_another_user_does_costs_nobody_else_a_new_answer(
    hub: Hub, sender: factories.User, user: factories.User, polled: str
) -> None:
    (message,) = hub.feed(sender)["data"]
    assert hub.ask(sender, f"/v1/notifications/{message['id']}/read", method="PUT").status_code == 200
    with statements.counted() as sent:
        assert hub.ask(user, COUNTS, headers={"If-None-Match": polled}).status_code == 304
    assert len(sent) == 1
