"""The bell over HTTP."""

import uuid

import pytest

from tests import factories
from tests.inbox_api.hub import Hub, Sent


@pytest.fixture
def platform(hub: Hub) -> factories.Platform:
    return hub.platform()


@pytest.fixture
def sender(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.administrator(platform, platform)


@pytest.fixture
def user(hub: Hub, platform: factories.Platform) -> factories.User:
    return hub.user(platform)


def _in_flight(hub: Hub, sender: factories.User, platform: factories.Platform) -> Sent:
    return hub.send(sender, platform)


def _written(hub: Hub, sender: factories.User, platform: factories.Platform) -> Sent:
    return hub.deliver(sender, platform)


both_kinds = pytest.mark.parametrize("make", [_in_flight, _written], ids=["in flight", "written"])


def test_an_empty_inbox_is_an_empty_page(hub: Hub, user: factories.User) -> None:
    assert hub.feed(user) == {
        "data": [],
        "has_more": False,
        "next_cursor": None,
        "unread_count": 0,
        "unseen_count": 0,
    }


@both_kinds
def test_a_notification_shows_its_message_and_who_sent_it(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent = hub.send(sender, platform, title="Neue Öffnungszeiten 🕘", body="See https://example.org\nBye")
    if make is _written:
        hub.finish(sent)
    expected = {
        "id": str(sent.id),
        "title": "Neue Öffnungszeiten 🕘",
        "body": "See https://example.org\nBye",
        "sender": {"name": sender.name},
        "sent_at": sent.sent_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "seen_at": None,
        "read_at": None,
        "archived_at": None,
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


def test_pages_neither_repeat_nor_skip_while_messages_arrive_are_written_and_are_recalled(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = [hub.send(sender, platform, days_ago=days) for days in range(60, 0, -6)]
    for message in sent[::2]:
        hub.finish(message)
    found, cursor = [], ""
    while True:
        page = hub.feed(user, f"?limit=3{cursor}")
        found += [row["id"] for row in page["data"]]  # type: ignore[attr-defined]
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


@both_kinds
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
    version = hub.rows("SELECT ctid::text, xmin::text FROM inbox_states")
    assert hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").get_json() == answer
    assert hub.rows("SELECT ctid::text, xmin::text FROM inbox_states") == version
    assert hub.feed_ids(user, "?status=unread") == [str(other.id)]
    assert hub.feed_ids(user, "?status=read") == [str(sent.id)]


@both_kinds
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
    assert hub.rows("SELECT * FROM inbox_states") == []


@both_kinds
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
    assert answer.get_json() == {"unread_count": counts[0], "unseen_count": counts[1]}
    rows = {row["id"]: row for row in hub.feed(user)["data"]}  # type: ignore[attr-defined]
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
        version = hub.rows("SELECT ctid::text, xmin::text, xmax::text FROM inbox_states ORDER BY 1")
        hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(second.id)})
        assert hub.rows("SELECT ctid::text, xmin::text, xmax::text FROM inbox_states ORDER BY 1") == version
    assert hub.feed(user)["data"][1:] == before  # type: ignore[index]


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
    assert answer.get_json() == {"unread_count": 1, "unseen_count": 1}


def test_what_was_done_before_a_recall_in_flight_does_not_spoil_the_counts(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    kept, recalled = hub.send(sender, platform), hub.send(sender, platform)
    hub.ask(user, f"/v1/notifications/{recalled.id}/read", method="PUT")
    hub.recall(recalled, sender)
    for _ in range(2):
        assert hub.feed_ids(user) == [str(kept.id)]
        counts = hub.ask(user, "/v1/notifications/counts").get_json()
        assert counts == {"unread_count": 1, "unseen_count": 1}
        hub.finish(recalled)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_message_to_others_is_not_found(hub: Hub, platform: factories.Platform, method: str) -> None:
    organisation = hub.organisation(platform)
    clinic, elsewhere = hub.clinic(organisation), hub.clinic(organisation)
    sender = hub.administrator(platform, platform)
    member, stranger = hub.user(platform, clinic), hub.user(platform, elsewhere)
    foreigner = hub.user(hub.platform())
    for sent in (hub.deliver(sender, clinic), hub.send(sender, clinic)):
        paths = (
            [f"/v1/notifications/{sent.id}"]
            if method == "GET"
            else [
                f"/v1/notifications/{sent.id}/read",
                f"/v1/notifications/{sent.id}/archived",
            ]
        )
        for path in paths:
            assert hub.ask(member, path, method=method).status_code == 200
            for who in (stranger, foreigner, sender):
                answer = hub.ask(who, path, method=method)
                assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")
        for who in (stranger, foreigner):
            answer = hub.ask(who, "/v1/notifications/seen", method="POST", body={"through": str(sent.id)})
            assert answer.status_code == 404
    assert {row[0] for row in hub.rows("SELECT user_id FROM inbox_states")} <= {member.id}


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


def test_somebody_reached_through_several_scopes_has_the_message_once(
    hub: Hub, platform: factories.Platform, sender: factories.User
) -> None:
    organisation = hub.organisation(platform)
    clinics = [hub.clinic(organisation) for _ in range(2)]
    user = hub.user(platform, organisation, *clinics)
    sent = hub.send(sender, organisation, *clinics)
    for _ in range(2):
        feed = hub.feed(user)
        assert [row["id"] for row in feed["data"]] == [str(sent.id)]  # type: ignore[attr-defined]
        assert feed["unread_count"] == 1
        hub.finish(sent)


def test_nothing_is_shown_from_before_the_retention(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    old, new = hub.deliver(sender, platform, days_ago=80), hub.deliver(sender, platform)
    recalled = hub.deliver(sender, platform, days_ago=81)
    hub.ask(user, f"/v1/notifications/{recalled.id}/read", method="PUT")
    hub.recall(recalled, sender)
    hub.execute("SELECT drop_inbox_partitions((now() - interval '30 days')::date)")
    feed = hub.feed(user)
    assert [row["id"] for row in feed["data"]] == [str(new.id)]  # type: ignore[attr-defined]
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


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "validation-failed"),
        ("limit=101", 422, "validation-failed"),
        ("limit=-1", 422, "validation-failed"),
        ("limit=%2B1", 422, "validation-failed"),
        ("limit=1_0", 422, "validation-failed"),
        ("limit=", 422, "validation-failed"),
        ("limit=%00", 422, "validation-failed"),
        ("limit=٣", 422, "validation-failed"),
        ("limit=99999999999999999999", 422, "validation-failed"),
        ("status=new", 422, "validation-failed"),
        ("status=", 422, "validation-failed"),
        ("status=%ED%A0%80", 422, "validation-failed"),
        ("limit=1&limit=2", 422, "validation-failed"),
        ("before=1", 422, "validation-failed"),
        ("%ED%A0%80=1", 422, "validation-failed"),
        ("%00=1", 422, "validation-failed"),
        ("after=", 400, "bad-cursor"),
        ("after=AAAA", 400, "bad-cursor"),
        ("after=%00", 400, "bad-cursor"),
        ("after=%ED%A0%80", 400, "bad-cursor"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(
    hub: Hub, user: factories.User, query: str, status: int, code: str
) -> None:
    answer = hub.ask(user, f"/v1/notifications?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"through": None},
        {"through": 7},
        {"through": True},
        {"through": "\0"},
        {"through": "\ud800"},
        {"through": uuid.UUID(int=7).hex},
        {"through": "{" + str(uuid.UUID(int=7)) + "}"},
        {"through": "urn:uuid:" + str(uuid.UUID(int=7))},
        {"through": [str(uuid.UUID(int=7))]},
        {"through": str(uuid.UUID(int=7)), "more": 1},
        {"through": str(uuid.UUID(int=7)), "\ud800": 1},
        {"through": str(uuid.UUID(int=7)), "\0": 1},
        [],
        "text",
    ],
    ids=repr,
)
@pytest.mark.parametrize("call", ["seen", "read-all"])
def test_a_bad_body_is_refused(hub: Hub, user: factories.User, call: str, body: object) -> None:
    answer = hub.ask(user, f"/v1/notifications/{call}", method="POST", body=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation-failed")


def test_an_unknown_through_is_not_found(hub: Hub, user: factories.User) -> None:
    answer = hub.ask(user, "/v1/notifications/seen", method="POST", body={"through": str(uuid.uuid4())})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("name", ["x", "7", "%00", "%ED%A0%80", uuid.UUID(int=7).hex, str(uuid.UUID(int=7))])
@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("PUT", "/read"), ("DELETE", "/archived")])
def test_an_id_that_names_nothing_is_not_found(
    hub: Hub, user: factories.User, name: str, method: str, tail: str
) -> None:
    answer = hub.ask(user, f"/v1/notifications/{name}{tail}", method=method)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")
    assert hub.app.test_client().open(f"/v1/notifications/{name}{tail}", method=method).status_code == 401


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


def test_a_disabled_user_may_not_read(hub: Hub, user: factories.User) -> None:
    hub.set_status(user, "disabled")
    answer = hub.ask(user, "/v1/notifications")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "user-inactive")
