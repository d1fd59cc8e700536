"""What the bell shows."""

import pytest

from tests import factories
from tests.inbox_api import kinds
from tests.inbox_api.hub import Hub


def test_an_empty_inbox_is_an_empty_page(hub: Hub, user: factories.User) -> None:
    assert hub.feed(user) == {
        "data": [],
        "pinned": [],
        "to_acknowledge": [],
        "has_more": False,
        "next_cursor": None,
        "unread_count": 0,
        "unseen_count": 0,
        "to_acknowledge_count": 0,
    }


@kinds.both
def test_a_notification_shows_its_message_and_who_sent_it(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent = hub.send(sender, platform, title="Neue Öffnungszeiten 🕘", body="See https://example.org\nBye")
    if make is kinds.written:
        hub.finish(sent)
    expected = {
        "id": str(sent.id),
        "title": "Neue Öffnungszeiten 🕘",
        "body": "See https://example.org\nBye",
        "category": None,
        "priority": "normal",
        "pinned_until": None,
        "expires_at": None,
        "expired": False,
        "sender": {"name": sender.name},
        "sent_at": sent.sent_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "seen_at": None,
        "read_at": None,
        "archived_at": None,
        "acknowledgement": None,
        "supersedes": None,
        "change_summary": None,
        "superseded": False,
    }
    assert hub.feed(user)["data"] == [expected]
    assert hub.ask(user, f"/v1/notifications/{sent.id}").get_json() == expected


def test_the_newest_comes_first_whether_in_flight_or_written(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = [
        hub.deliver(sender, platform, days_ago=40),
        hub.send(sender, platform, days_ago=39),
        hub.deliver(sender, platform, days_ago=1),
        hub.send(sender, platform),
        hub.deliver(sender, platform),
    ]
    assert hub.feed_ids(user) == [str(message.id) for message in reversed(sent)]


def test_a_message_looks_the_same_in_flight_partly_written_and_written(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    seen = [hub.ask(user, "/v1/notifications").headers["ETag"]]
    hub.write(sent, {user.id})
    seen.append(hub.ask(user, "/v1/notifications").headers["ETag"])
    hub.finish(sent)
    seen.append(hub.ask(user, "/v1/notifications").headers["ETag"])
    assert len(set(seen)) == 1


def test_somebody_who_joins_after_a_message_was_accepted_does_not_have_it_and_who_leaves_keeps_it(
    hub: Hub, platform: factories.Platform, sender: factories.User
) -> None:
    clinic = hub.clinic(hub.organisation(platform))
    stays, leaves, joins = hub.user(platform, clinic), hub.user(platform, clinic), hub.user(platform)
    sent = hub.send(sender, clinic)
    hub.leave(leaves, clinic)
    hub.join(joins, clinic)
    for finish in (False, True):
        if finish:
            hub.finish(sent)
        assert hub.feed_ids(stays) == hub.feed_ids(leaves) == [str(sent.id)]
        assert hub.feed_ids(joins) == []


def test_nothing_is_shown_from_before_the_retention(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    old, new = hub.deliver(sender, platform, days_ago=80), hub.deliver(sender, platform)
    recalled = hub.deliver(sender, platform, days_ago=81)
    hub.ask(user, f"/v1/notifications/{recalled.id}/read", method="PUT")
    hub.recall(recalled, sender)
    hub.execute("SELECT drop_inbox_partitions((now() - interval '30 days')::date, '-infinity')")
    feed = hub.feed(user)
    assert [row["id"] for row in feed["data"]] == [str(new.id)]
    assert (feed["unread_count"], feed["unseen_count"]) == (1, 1)
    for gone in (old, recalled):
        assert hub.ask(user, f"/v1/notifications/{gone.id}").status_code == 404
        assert hub.ask(user, f"/v1/notifications/{gone.id}/read", method="PUT").status_code == 404
        answer = hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(gone.id)})
        assert answer.status_code == 404


@pytest.mark.parametrize("path", ["", "/counts", "/{id}"])
def test_an_answer_that_has_not_changed_is_not_sent_again(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, path: str
) -> None:
    sent = hub.send(sender, platform)
    path = f"/v1/notifications{path.format(id=sent.id)}"
    first = hub.ask(user, path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Vary"] == "Authorization"
    same = hub.ask(user, path, headers={"If-None-Match": tag})
    assert (same.status_code, same.get_data(), same.headers["ETag"]) == (304, b"", tag)
    assert hub.ask(sender, path).headers["ETag"] != tag
    hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT")
    assert hub.ask(user, path, headers={"If-None-Match": tag}).status_code == 200


def test_answers_to_writes_are_private_too(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    for answer in (
        hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT"),
        hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(sent.id)}),
    ):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Vary"] == "Authorization"


def test_ids_may_be_written_in_capitals(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    assert hub.ask(user, f"/v1/notifications/{str(sent.id).upper()}").get_json()["id"] == str(sent.id)


def test_a_platform_without_the_enterprise_plan_can_still_read(hub: Hub) -> None:
    platform = hub.platform(plan="standard")
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.deliver(sender, platform)
    assert hub.feed_ids(user) == [str(sent.id)]
    assert hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").status_code == 200
    assert hub.ask(sender, "/v1/sent-messages").status_code == 200


def test_a_feed_never_shows_a_message_of_another_platform(
    hub: Hub, platform: factories.Platform, user: factories.User
) -> None:
    other = hub.platform()
    sent = hub.send(hub.administrator(other, other), other)
    hub.write(sent, {user.id})
    for status in ("all", "unread"):
        assert hub.feed_ids(user, f"?status={status}") == []
    assert hub.ask(user, f"/v1/notifications/{sent.id}").status_code == 404


def test_a_message_in_a_month_without_a_partition_is_shown_and_marking_it_must_wait_for_the_partition(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform, days_ago=-400)
    assert hub.feed_ids(user) == [str(sent.id)]
    assert hub.ask(user, f"/v1/notifications/{sent.id}").status_code == 200
    body = {"through": str(sent.id)}
    calls = [
        *((method, f"/{sent.id}/{state}", None) for method in ("PUT", "DELETE") for state in ("read", "archived")),
        *(("POST", f"/{call}", body) for call in ("seen", "read-all")),
    ]
    for method, path, given in calls:
        answer = hub.ask(user, f"/v1/notifications{path}", method=method, body=given)
        if method == "DELETE":
            assert answer.status_code == 200, "there is no state to clear"
        else:
            assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable"), path
            assert answer.headers["Retry-After"]
    hub.execute("SELECT create_inbox_partitions(CAST(:at AS date))", at=sent.sent_at)
    assert hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").status_code == 200
