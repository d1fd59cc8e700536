"""A sent message over HTTP: its progress, its end, and what is refused."""

import pytest

from tests.inbox_api.hub import Hub


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("organisation=", 422, "validation-failed"),
        ("organisation=%00", 422, "validation-failed"),
        ("clinic=a%00b", 422, "validation-failed"),
        ("clinic=%ED%A0%80", 422, "validation-failed"),
        (f"clinic={'x' * 256}", 422, "validation-failed"),
        ("clinic=a&clinic=b", 422, "validation-failed"),
        ("q=", 422, "validation-failed"),
        ("q=%20", 422, "validation-failed"),
        ("q=a%00b", 422, "validation-failed"),
        (f"q={'x' * 101}", 422, "validation-failed"),
        (f"q={'x+' * 11}", 422, "validation-failed"),
        ("q=a&q=b", 422, "validation-failed"),
        ("status=all", 422, "validation-failed"),
        ("limit=0", 422, "validation-failed"),
        ("after=x", 400, "bad-cursor"),
    ],
)
def test_a_bad_query_is_refused(hub: Hub, query: str, status: int, code: str) -> None:
    viewer = hub.administrator(platform := hub.platform(), platform)
    answer = hub.ask(viewer, f"/v1/sent-messages?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_message_tells_its_progress_from_queued_to_sent(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    readers = [hub.user(platform) for _ in range(3)]
    sent = hub.send(sender, platform, title="Planned work", body="On Sunday.")
    path = f"/v1/sent-messages/{sent.id}"
    at = sent.sent_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    expected = {
        "id": str(sent.id),
        "title": "Planned work",
        "body": "On Sunday.",
        "audience": {"everyone": True},
        "sender": {"id": sender.external_id, "name": sender.name},
        "status": "queued",
        "recipient_count": None,
        "delivered_count": 0,
        "created_at": at,
        "sent_at": at,
        "completed_at": None,
        "recalled_at": None,
        "recalled_by": None,
        "category": None,
        "priority": "normal",
        "pinned_until": None,
        "expires_at": None,
        "expired": False,
        "entries_dropped": False,
        "follows": None,
        "only": None,
        "acknowledgement": None,
        "supersedes": None,
        "superseded_at": None,
        "superseded_by": None,
        "change_summary": None,
        "seen_count": 0,
        "read_count": 0,
        "acknowledgements": None,
    }
    assert hub.ask(sender, path).get_json() == expected
    hub.execute("UPDATE messages SET status = 'sending', recipient_count = 4")
    hub.write(sent, {readers[0].id, readers[1].id})
    hub.ask(readers[0], f"/v1/notifications/{sent.id}/read", method="PUT")
    hub.ask(readers[1], "/v1/notifications/seen", method="POST", body={"through": str(sent.id)})
    hub.ask(readers[2], f"/v1/notifications/{sent.id}/archived", method="PUT")
    expected |= {"status": "sending", "recipient_count": 4, "delivered_count": 2, "seen_count": 2, "read_count": 1}
    assert hub.ask(sender, path).get_json() == expected
    hub.finish(sent)
    answer = hub.ask(sender, path).get_json()
    assert answer["completed_at"] is not None
    assert answer == expected | {"status": "sent", "delivered_count": 4, "completed_at": answer["completed_at"]}
    del answer["seen_count"]
    assert hub.ask(sender, "/v1/sent-messages").get_json()["data"] == [answer]


@pytest.mark.parametrize("finished", [False, True])
def test_a_recalled_message_stays_in_the_history_and_says_who_recalled_it(hub: Hub, finished: bool) -> None:
    platform = hub.platform()
    sender, other = hub.administrator(platform, platform), hub.administrator(platform, platform)
    sent = hub.send(sender, platform)
    if finished:
        hub.finish(sent)
    hub.recall(sent, other)
    answer = hub.ask(sender, f"/v1/sent-messages/{sent.id}").get_json()
    assert answer["status"] == "recalled"
    assert answer["recalled_by"] == {"id": other.external_id, "name": other.name}
    assert answer["recalled_at"] is not None
    assert answer["delivered_count"] == (2 if finished else 0)


def test_a_message_outlives_its_entries_and_says_so(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    old, new = hub.deliver(sender, platform, days_ago=80), hub.deliver(sender, platform)
    hub.ask(sender, f"/v1/notifications/{old.id}/read", method="PUT")
    assert hub.ask(sender, f"/v1/sent-messages/{old.id}").get_json()["read_count"] == 1
    hub.execute("SELECT drop_inbox_partitions((now() - interval '30 days')::date, '-infinity')")
    rows = hub.ask(sender, "/v1/sent-messages").get_json()["data"]
    assert [(row["id"], row["entries_dropped"], row["read_count"]) for row in rows] == [
        (str(new.id), False, 0),
        (str(old.id), True, None),
    ]
    answer = hub.ask(sender, f"/v1/sent-messages/{old.id}").get_json()
    assert (answer["entries_dropped"], answer["delivered_count"], answer["seen_count"], answer["read_count"]) == (
        True,
        1,
        None,
        None,
    )


def test_an_expired_message_has_recipients_and_no_read_status(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    path = f"/v1/sent-messages/{hub.deliver(sender, platform, days_ago=80).id}/recipients"
    hub.ask(sender, f"/v1/notifications/{path.split('/')[3]}/read", method="PUT")
    assert hub.ask(sender, path).get_json()["data"][0]["read_at"] is not None
    hub.execute("SELECT drop_inbox_partitions((now() - interval '30 days')::date, '-infinity')")
    (row,) = hub.ask(sender, path).get_json()["data"]
    assert (row["id"], row["read_at"]) == (sender.external_id, None)
    for asked in (path, f"{path}/export"):
        answer = hub.ask(sender, f"{asked}?status=unread")
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["status"])


@pytest.mark.parametrize("path", ["/v1/sent-messages", "/v1/sent-messages/{id}", "/v1/sent-messages/{id}/recipients"])
def test_an_answer_that_has_not_changed_is_not_sent_again(hub: Hub, path: str) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    sent = hub.send(sender, platform)
    path = path.format(id=sent.id)
    first = hub.ask(sender, path)
    assert (first.headers["Cache-Control"], first.headers["Vary"]) == ("private, no-cache", "Authorization")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert hub.ask(sender, path, headers=tag).status_code == 304
    hub.finish(sent)
    hub.ask(sender, f"/v1/notifications/{sent.id}/read", method="PUT")
    assert hub.ask(sender, path, headers=tag).status_code == 200


def test_an_id_that_names_nothing_is_not_found(hub: Hub) -> None:
    viewer = hub.administrator(platform := hub.platform(), platform)
    for name in ("x", "%00", "00000000-0000-0000-0000-000000000007", "00000000000000000000000000000007"):
        answer = hub.ask(viewer, f"/v1/sent-messages/{name}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found"), name
