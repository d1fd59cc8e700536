"""What users do with their notifications."""

from datetime import datetime

import pytest

from tests import factories
from tests.inbox_api import kinds
from tests.inbox_api.hub import Hub


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


def test_pages_neither_repeat_nor_skip_while_messages_arrive_are_written_and_are_recalled(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = [hub.send(sender, platform, days_ago=days) for days in range(60, 0, -6)]
    for message in sent[::2]:
        hub.finish(message)
    found, cursor = [], ""
    while True:
        page = hub.feed(user, f"?limit=3{cursor}")
        found += [row["id"] for row in page["data"]]
        hub.send(sender, platform)
        for message in sent:
            hub.finish(message)
        if len(found) == 3:
            hub.recall(sent[-4], sender)
        if not page["has_more"]:
            break
        cursor = f"&after={page['next_cursor']}"
    expected = [str(message.id) for message in reversed(sent) if message is not sent[-4]]
    assert found == expected


@kinds.both
def test_reading_implies_seen_and_repeating_it_keeps_the_first_time_and_writes_nothing(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent = make(hub, sender, platform)  # type: ignore[operator]
    other = hub.send(sender, platform)
    first = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT")
    assert first.status_code == 200
    answer = first.get_json()
    assert answer["notification"]["id"] == str(sent.id)
    assert answer["notification"]["read_at"] == answer["notification"]["seen_at"] is not None
    assert (answer["unread_count"], answer["unseen_count"]) == (1, 1)
    version = _states(hub, user)
    assert hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").get_json() == answer
    assert _states(hub, user) == version
    assert hub.feed_ids(user, "?status=unread") == [str(other.id)]
    assert hub.feed_ids(user, "?status=read") == [str(sent.id)]


@kinds.both
def test_unreading_keeps_it_seen(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent = make(hub, sender, platform)  # type: ignore[operator]
    read = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").get_json()["notification"]
    answer = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="DELETE").get_json()
    assert answer["notification"]["read_at"] is None
    assert answer["notification"]["seen_at"] == read["seen_at"]
    assert (answer["unread_count"], answer["unseen_count"]) == (1, 0)
    again = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="DELETE")
    assert (again.status_code, again.get_json()) == (200, answer)


def test_unreading_what_was_never_touched_writes_no_state(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    assert hub.ask(user, f"/v1/notifications/{sent.id}/read", method="DELETE").status_code == 200
    assert hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="DELETE").status_code == 200
    assert _states(hub, user) == []


@kinds.both
def test_what_is_archived_is_listed_only_when_asked_for_and_never_counted(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent = make(hub, sender, platform)  # type: ignore[operator]
    answer = hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="PUT").get_json()
    assert answer["notification"]["archived_at"] is not None
    assert answer["notification"]["read_at"] is answer["notification"]["seen_at"] is None
    assert (answer["unread_count"], answer["unseen_count"]) == (0, 0)
    assert [hub.feed_ids(user, f"?status={status}") for status in ("all", "unread", "read", "archived")] == [
        [],
        [],
        [],
        [str(sent.id)],
    ]
    assert hub.ask(user, f"/v1/notifications/{sent.id}").get_json() == answer["notification"]
    assert hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="PUT").get_json() == answer
    back = hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="DELETE").get_json()
    assert back["notification"]["archived_at"] is None
    assert (back["unread_count"], back["unseen_count"]) == (1, 1)


@pytest.mark.parametrize(("call", "counts"), [("seen", (4, 1)), ("read-all", (1, 1))])
def test_through_marks_it_and_everything_older_in_flight_or_written_and_nothing_newer(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    call: str,
    counts: tuple[int, int],
) -> None:
    older = [hub.deliver(sender, platform, days_ago=50), hub.send(sender, platform, days_ago=3)]
    through = hub.send(sender, platform)
    hub.deliver(sender, platform)
    answer = hub.ask(user, f"/v1/notifications/{call}", method="POST", body={"through": str(through.id)})
    assert answer.status_code == 200
    assert answer.get_json() == {"unread_count": counts[0], "unseen_count": counts[1], "to_acknowledge_count": 0}
    rows = {row["id"]: row for row in hub.feed(user)["data"]}
    for message in [*older, through]:
        assert rows[str(message.id)]["seen_at"] is not None
        assert (rows[str(message.id)]["read_at"] is not None) == (call == "read-all")


def test_read_all_repeated_rewrites_nothing_and_keeps_the_first_times(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first = hub.deliver(sender, platform)
    hub.ask(user, f"/v1/notifications/{first.id}/read", method="PUT")
    before = hub.feed(user)["data"]
    second = hub.deliver(sender, platform)
    for _ in range(2):
        hub.ask(user, "/v1/notifications/read-all", method="POST", body={"through": str(second.id)})
        version = _states(hub, user, "ctid::text, xmin::text, xmax::text")
        hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(second.id)})
        assert _states(hub, user, "ctid::text, xmin::text, xmax::text") == version, "neither written nor locked"
    assert hub.feed(user)["data"][1:] == before


def test_read_all_reaches_what_is_archived_too(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    archived, through = hub.deliver(sender, platform), hub.deliver(sender, platform)
    hub.ask(user, f"/v1/notifications/{archived.id}/archived", method="PUT")
    hub.ask(user, "/v1/notifications/read-all", method="POST", body={"through": str(through.id)})
    assert hub.ask(user, f"/v1/notifications/{archived.id}").get_json()["read_at"] is not None


@pytest.mark.parametrize("written", [False, True])
def test_a_recalled_notification_is_gone_yet_its_position_still_counts(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, written: bool
) -> None:
    older, recalled = hub.deliver(sender, platform), hub.send(sender, platform)
    if written:
        hub.write(recalled, {user.id})
    newer = hub.deliver(sender, platform)
    hub.recall(recalled, sender)
    hub.finish(recalled)
    assert hub.feed_ids(user) == [str(newer.id), str(older.id)]
    assert hub.feed(user)["unread_count"] == 2
    assert hub.ask(user, f"/v1/notifications/{recalled.id}").status_code == 404
    for method in ("PUT", "DELETE"):
        for what in ("read", "archived"):
            answer = hub.ask(user, f"/v1/notifications/{recalled.id}/{what}", method=method)
            assert (answer.status_code, answer.get_json()["code"]) == (409, "recalled")
    answer = hub.ask(user, "/v1/notifications/read-all", method="POST", body={"through": str(recalled.id)})
    assert answer.get_json() == {"unread_count": 1, "unseen_count": 1, "to_acknowledge_count": 0}


def test_what_was_done_before_a_recall_in_flight_does_not_spoil_the_counts(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    kept, recalled = hub.send(sender, platform), hub.send(sender, platform)
    hub.ask(user, f"/v1/notifications/{recalled.id}/read", method="PUT")
    hub.recall(recalled, sender)
    for _ in range(2):
        assert hub.feed_ids(user) == [str(kept.id)]
        counts = hub.ask(user, "/v1/notifications/counts").get_json()
        assert counts == {"unread_count": 1, "unseen_count": 1, "to_acknowledge_count": 0}
        hub.finish(recalled)


def test_somebody_reached_through_several_scopes_has_the_message_once(
    hub: Hub, platform: factories.Platform, sender: factories.User
) -> None:
    organisation = hub.organisation(platform)
    clinics = [hub.clinic(organisation) for _ in range(2)]
    user = hub.user(platform, organisation, *clinics)
    sent = hub.send(sender, organisation, *clinics)
    for _ in range(2):
        feed = hub.feed(user)
        assert [row["id"] for row in feed["data"]] == [str(sent.id)]
        assert feed["unread_count"] == 1
        hub.finish(sent)


def _states(hub: Hub, user: factories.User, columns: str = "ctid::text, xmin::text") -> list[tuple[object, ...]]:
    """The stored versions of this user's rows."""
    return hub.rows(f"SELECT {columns} FROM inbox_states WHERE user_id = :user_id ORDER BY 1", user_id=user.id)


def test_the_time_of_the_first_reading_is_never_cleared_or_replaced(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent, other = hub.send(sender, platform), hub.send(sender, platform)

    def first_times() -> dict[object, object]:
        return dict(
            hub.rows("SELECT message_id, first_read_at FROM inbox_states WHERE user_id = :user_id", user_id=user.id)
        )

    def ask(path: str, method: str, body: object = None) -> None:
        assert hub.ask(user, f"/v1/notifications/{path}", method=method, body=body).status_code == 200

    ask("seen", "POST", {"through": str(other.id)})
    assert first_times() == {sent.id: None, other.id: None}
    ask(f"{sent.id}/read", "PUT")
    ask("read-all", "POST", {"through": str(other.id)})
    first = first_times()
    assert None not in first.values()
    for again in (f"{sent.id}/read", f"{other.id}/read"):
        ask(again, "DELETE")
    assert first_times() == first
    ask(f"{sent.id}/read", "PUT")
    ask("read-all", "POST", {"through": str(other.id)})
    assert first_times() == first


def test_a_state_is_never_older_than_the_newest_message_of_the_platform(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.send(sender, platform)
    ahead = hub.send(sender, platform, days_ago=-2 / 24 / 60)  # the clock was set back after it was accepted
    answer = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").get_json()
    assert datetime.fromisoformat(answer["notification"]["read_at"]) >= ahead.sent_at
