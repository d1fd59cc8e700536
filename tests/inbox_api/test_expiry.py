"""Messages that are pinned, expire, or are of a category, as their recipients see them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.inbox_api import kinds
from tests.inbox_api.hub import Hub, Sent

LATER = datetime.now(UTC) + timedelta(days=20)
POLLED = ("", "/counts", "/{id}")


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


def url(path: str, sent: Sent) -> str:
    return f"/v1/notifications{path.format(id=sent.id)}"


@kinds.both
@pytest.mark.parametrize("status", ["all", "unread", "read", "archived"])
def test_an_expired_message_is_in_no_list_and_no_count_and_is_still_found_by_its_id(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    make: object,
    status: str,
) -> None:
    kept, sent = hub.deliver(sender, platform), make(hub, sender, platform)  # type: ignore[operator]
    for message in (kept, sent):
        if status in ("read", "archived"):
            hub.ask(user, url(f"/{{id}}/{status}", message), method="PUT")
    assert hub.feed_ids(user, f"?status={status}") == [str(sent.id), str(kept.id)]
    before = hub.ask(user, url("/{id}", sent)).get_json()
    counts = hub.ask(user, "/v1/notifications/counts").get_json()
    hub.expire(sent)
    assert hub.feed_ids(user, f"?status={status}") == [str(kept.id)]
    fewer = {name: count and count - 1 for name, count in counts.items()}
    assert hub.ask(user, "/v1/notifications/counts").get_json() == fewer
    shown = hub.ask(user, url("/{id}", sent))
    assert shown.status_code == 200
    assert shown.get_json() == {**before, "expired": True, "expires_at": shown.get_json()["expires_at"]}


@kinds.both
@pytest.mark.parametrize("path", POLLED)
def test_a_poll_is_not_answered_304_once_a_message_has_expired(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object, path: str
) -> None:
    first = hub.deliver(sender, platform)
    hub.expire(first)
    sent = make(hub, sender, platform)  # type: ignore[operator]
    tag = hub.ask(user, url(path, sent)).headers["ETag"]
    assert hub.ask(user, url(path, sent), headers={"If-None-Match": tag}).status_code == 304
    hub.expire(sent)
    changed = hub.ask(user, url(path, sent), headers={"If-None-Match": tag})
    assert changed.status_code == 200
    again = hub.ask(user, url(path, sent), headers={"If-None-Match": changed.headers["ETag"]})
    assert again.status_code == 304


def test_an_expired_message_that_a_person_has_open_can_be_read_and_archived_and_changes_no_count(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    hub.deliver(sender, platform)
    sent = hub.deliver(sender, platform)
    hub.expire(sent)
    for state, method, at in [("read", "PUT", True), ("archived", "PUT", True), ("archived", "DELETE", False)]:
        answer = hub.ask(user, url(f"/{{id}}/{state}", sent), method=method)
        assert answer.status_code == 200
        changed = answer.get_json()
        assert (changed["unread_count"], changed["unseen_count"]) == (1, 1)
        assert changed["notification"]["expired"] is True
        assert (changed["notification"][f"{state}_at"] is not None) == at


@pytest.mark.parametrize("call", ["seen", "read-all"])
def test_what_has_expired_is_not_marked_with_the_rest_and_its_position_counts(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, call: str
) -> None:
    hub.deliver(sender, platform)
    in_between, through = hub.send(sender, platform), hub.send(sender, platform)
    hub.expire(in_between, through)
    answer = hub.ask(user, f"/v1/notifications/{call}", method="POST", body={"through": str(through.id)})
    assert answer.get_json()["unseen_count"] == 0
    for expired in (in_between, through):
        assert hub.ask(user, url("/{id}", expired)).get_json()["seen_at"] is None


def test_a_message_expires_for_those_who_have_it_and_is_unknown_to_everybody_else(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, hub.organisation(platform))
    hub.expire(sent)
    assert hub.ask(user, url("/{id}", sent)).status_code == 404


@kinds.both
def test_the_three_newest_pinned_messages_are_named_apart_and_stay_in_the_list(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    pinned = [hub.send(sender, platform, days_ago=days, pinned_until=LATER) for days in (9, 8, 7, 6)]
    if make is kinds.written:
        for message in pinned:
            hub.finish(message)
    plain = hub.deliver(sender, platform)
    feed = hub.feed(user, "?limit=2")
    assert [row["id"] for row in feed["pinned"]] == [str(one.id) for one in reversed(pinned[1:])]
    assert [row["id"] for row in feed["data"]] == [str(plain.id), str(pinned[-1].id)]
    assert feed["pinned"][0] == feed["data"][1]
    assert hub.feed(user, "?status=archived&category=none")["pinned"] == feed["pinned"], "whatever the filters"
    assert hub.feed(user, f"?limit=2&after={feed['next_cursor']}")["pinned"] == feed["pinned"]


def test_a_pin_ends_with_its_time_with_the_message_and_for_those_who_archive_it(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    ended, expired, archived, kept = (
        hub.deliver(sender, platform, pinned_until=LATER, expires_at=LATER + timedelta(days=1)) for _ in range(4)
    )
    tags = [hub.ask(user, "/v1/notifications").headers["ETag"]]
    hub.execute("UPDATE messages SET pinned_until = now() WHERE id = :id", id=ended.id)
    hub_answers = [hub.ask(user, "/v1/notifications", headers={"If-None-Match": tags[0]})]
    hub.expire(expired)
    hub_answers.append(hub.ask(user, "/v1/notifications", headers={"If-None-Match": hub_answers[0].headers["ETag"]}))
    hub.ask(user, url("/{id}/archived", archived), method="PUT")
    hub_answers.append(hub.ask(user, "/v1/notifications", headers={"If-None-Match": hub_answers[1].headers["ETag"]}))
    names = {str(one.id): name for name, one in vars_of(ended=ended, expired=expired, archived=archived, kept=kept)}
    assert [answer.status_code for answer in hub_answers] == [200, 200, 200]
    shown = [[names[row["id"]] for row in answer.get_json()["pinned"]] for answer in hub_answers]
    assert shown == [["kept", "archived", "expired"], ["kept", "archived"], ["kept"]]
    listed = [names[row["id"]] for row in hub_answers[-1].get_json()["data"]]
    assert listed == ["kept", "ended"]


def vars_of(**named: Sent) -> list[tuple[str, Sent]]:
    return list(named.items())


def test_nobody_sees_the_pin_of_a_message_that_is_not_theirs(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    hub.deliver(sender, hub.organisation(platform), pinned_until=LATER)
    other = hub.platform()
    hub.deliver(hub.administrator(other, other), other, pinned_until=LATER)
    assert hub.feed(user)["pinned"] == []


@kinds.both
def test_a_feed_is_filtered_by_category_page_by_page(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    found = [hub.send(sender, platform, category="Zwei Wörter") for _ in range(5)]
    others = [hub.send(sender, platform, category=category) for category in ("zwei wörter", None)]
    if make is kinds.written:
        for message in (*found, *others):
            hub.finish(message)
    query, shown, cursor = "?category=Zwei%20W%C3%B6rter&limit=2", [], ""
    while True:
        page = hub.feed(user, query + cursor)
        shown += page["data"]
        assert page["unread_count"] == 7, "the counts are of the whole inbox"
        if not page["has_more"]:
            break
        cursor = f"&after={page['next_cursor']}"
    assert [row["id"] for row in shown] == [str(one.id) for one in reversed(found)]
    assert {row["category"] for row in shown} == {"Zwei Wörter"}
    assert len(hub.feed_ids(user, f"{query[:-1]}9&status=unread")) == 5
    hub.ask(user, url("/{id}/read", found[0]), method="PUT")
    assert hub.feed_ids(user, f"{query}&status=read") == [str(found[0].id)]


@pytest.mark.parametrize("query", ["category=", "category=%00", f"category={'a' * 101}", "category=a&category=a"])
def test_what_cannot_be_a_category_is_refused(hub: Hub, user: factories.User, query: str) -> None:
    answer = hub.ask(user, f"/v1/notifications?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation-failed")


def test_a_category_that_nothing_has_finds_nothing(hub: Hub, user: factories.User) -> None:
    assert hub.feed_ids(user, "?category=nothing") == []
