"""What a user is asked to acknowledge, and acknowledges."""

import threading
from concurrent import futures
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.compose_api import domain
from services.inbox_api.actions import states
from shared import acknowledgements, errors, rate_limit
from shared.auth import tokens
from tests import factories, messages
from tests.inbox_api import kinds
from tests.inbox_api.hub import Hub, Sent

STATEMENT = "I have read and understood this."
LATER = datetime.now(UTC) + timedelta(days=20)
HASH = acknowledgements.content_hash(title="A notice", body="Read it.", statement=STATEMENT)
TEXT_HASH = acknowledgements.format_hash(HASH)
POLLED = ("/v1/notifications", "/v1/notifications/counts", "/v1/notifications/{id}")


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


def asked(hub: Hub, sender: factories.User, *scopes: factories.Scope, **stated: Any) -> Sent:
    return hub.send(sender, *scopes, **{"statement": STATEMENT, **stated})


def acknowledge(hub: Hub, who: factories.User, sent: Sent, content_hash: object = TEXT_HASH, **headers: str) -> Any:
    path = f"/v1/notifications/{sent.id}/acknowledged"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return hub.ask(who, path, method="PUT", body={"content_hash": content_hash}, headers=names)


def shown(hub: Hub, who: factories.User, sent: Sent) -> dict[str, Any]:
    return dict(hub.ask(who, f"/v1/notifications/{sent.id}").get_json())


def count(hub: Hub, who: factories.User) -> int:
    """The same in every answer that has it."""
    feed, counts = hub.feed(who), hub.ask(who, "/v1/notifications/counts").get_json()
    assert {name: feed[name] for name in counts} == counts
    assert len(feed["to_acknowledge"]) == min(20, counts["to_acknowledge_count"])
    assert len(hub.feed_ids(who, "?to_acknowledge=true&limit=100")) == counts["to_acknowledge_count"]
    return int(counts["to_acknowledge_count"])


def refused(answer: Any, status: int, code: str) -> bool:
    assert (answer.status_code, answer.get_json()["code"]) == (status, code), answer.get_json()
    return True


def stored(hub: Hub, sent: Sent) -> list[tuple[object, ...]]:
    return hub.rows(
        "SELECT user_id, acknowledged_at, content_hash, authentication, request_id FROM acknowledgements WHERE message_id = :id",
        id=sent.id,
    )


@kinds.both
def test_acknowledging_implies_read_is_counted_once_and_repeating_it_keeps_the_first_time(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    other, sent = asked(hub, sender, platform), asked(hub, sender, platform, due_at=LATER)
    if make is kinds.written:
        hub.finish(sent)
    assert shown(hub, user, sent)["acknowledgement"] == {
        "statement": STATEMENT,
        "due_at": LATER.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "overdue": False,
        "acknowledged_at": None,
        "content_hash": TEXT_HASH,
    }
    assert count(hub, user) == 2
    first = acknowledge(hub, user, sent, X_Request_ID="request-of-a-test")
    assert first.status_code == 200
    answer = first.get_json()
    at = answer["acknowledged_at"]
    assert answer["notification"]["acknowledgement"]["acknowledged_at"] == at
    assert [answer["notification"][f"{what}_at"] for what in ("read", "seen", "archived")] == [at, at, None]
    assert [answer[f"{what}_count"] for what in ("unread", "unseen", "to_acknowledge")] == [1, 1, 1]
    again = acknowledge(hub, user, sent)
    assert (again.status_code, again.get_json()) == (200, answer)
    assert count(hub, user) == 1
    assert hub.feed_ids(user, "?to_acknowledge=true") == [str(other.id)]
    assert hub.feed_ids(user, "?to_acknowledge=false") == [str(sent.id)]
    (row,) = stored(hub, sent)
    assert row == (user.id, datetime.fromisoformat(at), HASH, "shared-secret", "request-of-a-test")


def test_how_the_person_had_authenticated_is_kept(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    """Tokens of the platform's own issuer: tests/shared/auth/test_issuers.py."""
    sent = asked(hub, sender, platform)
    for issuer, who in ((tokens.OWN_ISSUER, user), ("anyone", sender)):
        bearer = {"Authorization": f"Bearer {factories.token(who, platform, iss=issuer)}"}
        path = f"/v1/notifications/{sent.id}/acknowledged"
        answer = hub.app.test_client().put(path, headers=bearer, json={"content_hash": TEXT_HASH})
        assert answer.status_code == 200
    assert {row[0]: row[3] for row in stored(hub, sent)} == {user.id: "message-hub", sender.id: "shared-secret"}


def test_what_was_read_and_archived_before_keeps_its_times(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = asked(hub, sender, platform)
    read = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT").get_json()["notification"]
    after = acknowledge(hub, user, sent).get_json()["notification"]
    assert after == {**read, "acknowledgement": after["acknowledgement"]}
    hub.ask(user, f"/v1/notifications/{sent.id}/read", method="DELETE")
    assert acknowledge(hub, user, sent).get_json()["notification"]["read_at"] is None, "repeating changes nothing"


def test_fifty_at_once_make_one_acknowledgement_and_all_answer_its_time(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = asked(hub, sender, platform)
    caller, barrier = hub.caller(user), threading.Barrier(50)

    def run(number: int) -> datetime:
        barrier.wait(10)
        given = states.Given(HASH, "shared-secret", f"request-{number}")
        return states.acknowledge(
            hub.inbox, caller=caller, message_id=sent.id, given=given, rate=rate_limit.Verdict()
        ).acknowledged_at

    with futures.ThreadPoolExecutor(50) as pool:
        times = set(pool.map(run, range(50)))
    ((_, at, *_),) = stored(hub, sent)
    assert times == {at}
    assert count(hub, user) == 0


@pytest.mark.parametrize(
    "body", [None, 7, "", "sha256:", TEXT_HASH[7:], TEXT_HASH.upper(), f"{TEXT_HASH}\n", f"{TEXT_HASH}0"]
)
def test_what_is_no_hash_is_refused(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, body: object
) -> None:
    assert refused(acknowledge(hub, user, asked(hub, sender, platform), body), 422, "validation-failed")


def test_another_text_than_the_messages_cannot_be_acknowledged(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = asked(hub, sender, platform)
    other = acknowledgements.content_hash(title="A notice", body="Read it.", statement="I have read this.")
    for _ in range(2):  # also by somebody who has acknowledged it
        assert refused(acknowledge(hub, user, sent, acknowledgements.format_hash(other)), 409, "content-changed")
        acknowledge(hub, user, sent)


def test_what_asks_for_nothing_cannot_be_acknowledged(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    assert refused(acknowledge(hub, user, sent), 409, "acknowledgement-not-requested")
    assert shown(hub, user, sent)["acknowledgement"] is None
    assert count(hub, user) == 0


@kinds.both
def test_a_recall_between_opening_and_acknowledging_is_told_and_nothing_is_kept(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    sent, done = asked(hub, sender, platform), asked(hub, sender, platform)
    if make is kinds.written:
        hub.finish(sent)
    acknowledge(hub, user, done)
    shown(hub, user, sent)
    for message in (sent, done):
        hub.recall(message, sender)
        assert refused(acknowledge(hub, user, message), 409, "recalled")
    assert count(hub, user) == 0
    assert stored(hub, sent) == []
    assert len(stored(hub, done)) == 1


def test_an_expired_message_asks_for_nothing_and_who_had_acknowledged_it_still_has(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent, done = asked(hub, sender, platform), asked(hub, sender, platform)
    first = acknowledge(hub, user, done).get_json()["acknowledged_at"]
    hub.expire(sent, done)
    assert count(hub, user) == 0
    assert refused(acknowledge(hub, user, sent), 409, "message-expired")
    again = acknowledge(hub, user, done).get_json()
    assert (again["acknowledged_at"], again["notification"]["expired"]) == (first, True)
    assert hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="PUT").status_code == 200


@kinds.both
def test_a_superseded_message_asks_for_nothing_and_who_had_acknowledged_it_still_has(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object
) -> None:
    early, late = user, hub.user(platform)
    sent = asked(hub, sender, platform)
    if make is kinds.written:
        hub.finish(sent)
    first = acknowledge(hub, early, sent).get_json()["acknowledged_at"]
    later = asked(hub, sender, platform, supersedes=sent.id, change_summary="The fee has changed.")
    for who, at in ((early, first), (late, None)):
        assert [one["id"] for one in hub.feed(who)["to_acknowledge"]] == [str(later.id)]
        assert count(hub, who) == 1
        earlier, corrected = shown(hub, who, sent), shown(hub, who, later)
        assert (earlier["superseded"], corrected["superseded"]) == (True, False)
        assert (corrected["supersedes"], corrected["change_summary"]) == (str(sent.id), "The fee has changed.")
        assert (earlier["acknowledgement"] or {}).get("acknowledged_at") == at
    assert acknowledge(hub, early, sent).get_json()["acknowledged_at"] == first
    assert refused(acknowledge(hub, late, sent), 409, "acknowledgement-not-requested")
    assert hub.ask(late, f"/v1/notifications/{sent.id}/archived", method="PUT").status_code == 200
    assert refused(
        hub.ask(late, f"/v1/notifications/{later.id}/archived", method="PUT"), 409, "acknowledgement-required"
    )


def test_only_recipients_acknowledge(hub: Hub, platform: factories.Platform, sender: factories.User) -> None:
    organisation = hub.organisation(platform)
    clinic, elsewhere = hub.clinic(organisation), hub.clinic(organisation)
    member, left, joined = hub.user(platform, clinic), hub.user(platform, clinic), hub.user(platform, elsewhere)
    stranger, foreigner = hub.user(platform, elsewhere), hub.user(hub.platform())
    for sent in (asked(hub, sender, clinic), hub.deliver(sender, clinic, statement=STATEMENT)):
        hub.leave(left, clinic)
        hub.join(joined, clinic)
        for who in (sender, stranger, foreigner, *([joined] if joined.id not in sent.recipients else [])):
            assert refused(acknowledge(hub, who, sent), 404, "not-found")
            assert str(sent.id) not in [one["id"] for one in hub.feed(who)["to_acknowledge"]]
        for who in (member, left):
            assert (acknowledge(hub, who, sent).status_code == 200) == (who.id in sent.recipients)
    hub.set_status(left, "disabled")
    assert refused(acknowledge(hub, left, sent), 403, "user-inactive")


def test_what_the_api_accepted_is_acknowledged_followed_up_for_the_others_and_corrected(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    other = hub.user(platform)
    asking = {"acknowledgement": domain.Acknowledgement("I have read it.", due_in_days=3)}
    sent = messages.accept(hub.owner, sender, platform, messages.EVERYONE, **asking)
    (row,) = hub.feed(user)["to_acknowledge"]
    assert row["acknowledgement"]["statement"] == "I have read it."
    body = {"content_hash": row["acknowledgement"]["content_hash"]}
    assert hub.ask(user, f"/v1/notifications/{sent}/acknowledged", method="PUT", body=body).status_code == 200
    followed = messages.follow(hub.owner, sender, platform, sent, only="not_acknowledged")
    assert hub.feed_ids(user) == [str(sent)]
    assert hub.feed_ids(other) == [str(followed), str(sent)]
    assert [one["id"] for one in hub.feed(other)["to_acknowledge"]] == [str(sent)]
    corrects = {"supersedes": sent, "change_summary": "The fee has changed.", **asking}
    corrected = messages.accept(hub.owner, sender, platform, messages.EVERYONE, **corrects)
    for who in (user, other):
        assert [one["id"] for one in hub.feed(who)["to_acknowledge"]] == [str(corrected)]


def test_an_acknowledgement_cannot_be_undone(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = asked(hub, sender, platform)
    acknowledge(hub, user, sent)
    assert hub.ask(user, f"/v1/notifications/{sent.id}/acknowledged", method="DELETE").status_code == 405
    hub.ask(user, f"/v1/notifications/{sent.id}/read", method="DELETE")
    assert count(hub, user) == 0


def test_archiving_is_refused_until_it_is_acknowledged(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = asked(hub, sender, platform)
    path = f"/v1/notifications/{sent.id}/archived"
    assert refused(hub.ask(user, path, method="PUT"), 409, "acknowledgement-required")
    assert hub.ask(user, path, method="DELETE").status_code == 200
    acknowledge(hub, user, sent)
    assert hub.ask(user, path, method="PUT").status_code == 200
    assert shown(hub, user, sent)["acknowledgement"]["acknowledged_at"] is not None


@pytest.mark.parametrize("call", ["seen", "read-all"])
def test_reading_everything_acknowledges_nothing(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, call: str
) -> None:
    sent = asked(hub, sender, platform)
    hub.ask(user, f"/v1/notifications/{call}", method="POST", body={"through": str(sent.id)})
    assert count(hub, user) == 1


@pytest.mark.parametrize(("seconds", "overdue"), [(0.001, False), (0.000001, False), (0, True), (-0.001, True)])
def test_overdue_is_what_is_acknowledged_at_the_due_time_or_later(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, seconds: float, overdue: bool
) -> None:
    """In a clinic's zone the day ends at 24:00: what is acknowledged at 23:59:59.999 is in time."""
    midnight = datetime.fromisoformat("2026-03-29T00:00:00+02:00")
    sent = asked(hub, sender, platform, due_at=midnight)
    assert shown(hub, user, sent)["acknowledgement"]["overdue"] is True
    acknowledge(hub, user, sent)
    hub.execute(
        "UPDATE inbox_states SET acknowledged_at = :at WHERE message_id = :id",
        at=midnight - timedelta(seconds=seconds),
        id=sent.id,
    )
    hub.execute("UPDATE inbox_revisions SET revision = revision + 1 WHERE user_id = :id", id=user.id)
    assert shown(hub, user, sent)["acknowledgement"]["overdue"] is overdue


@kinds.both
@pytest.mark.parametrize("path", POLLED)
def test_a_poll_is_not_answered_304_once_something_is_acknowledged_due_or_superseded(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, make: object, path: str
) -> None:
    sent, other = asked(hub, sender, platform, due_at=LATER), asked(hub, sender, platform, due_at=LATER)
    if make is kinds.written:
        hub.finish(sent)
    polled = path.format(id=sent.id)

    def is_changed() -> bool:
        """Whether a poll with the newest ETag has an answer; it is the right one."""
        answer = hub.ask(user, polled, headers={"If-None-Match": tags[-1]})
        whole = hub.ask(user, polled)
        assert answer.headers["ETag"] == whole.headers["ETag"]
        tags.append(whole.headers["ETag"])
        return bool(answer.status_code == 200)

    tags = [hub.ask(user, polled).headers["ETag"]]
    assert not is_changed()
    hub.execute("UPDATE messages SET due_at = now() WHERE id = :id", id=sent.id)
    assert is_changed() == (path != "/v1/notifications/counts")
    acknowledge(hub, user, sent)
    assert is_changed()
    asked(hub, sender, platform, supersedes=other.id, change_summary="The fee has changed.")
    assert is_changed() == ("{id}" not in path)
    assert not is_changed()


def test_the_earliest_due_come_first_whatever_the_page_and_at_most_twenty(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    undated = [asked(hub, sender, platform, days_ago=90), asked(hub, sender, platform, days_ago=1)]
    later, sooner = (
        asked(hub, sender, platform, due_at=LATER),
        asked(hub, sender, platform, due_at=LATER - timedelta(days=1)),
    )
    hub.finish(undated[0])
    newer = [hub.deliver(sender, platform) for _ in range(3)]
    expected = [str(one.id) for one in (sooner, later, undated[1], undated[0])]
    for query in ("?limit=2", "?status=archived", "?category=none", "?to_acknowledge=false&status=unread"):
        assert [one["id"] for one in hub.feed(user, query)["to_acknowledge"]] == expected, query
    page = hub.feed(user, "?limit=2")
    assert [one["id"] for one in page["data"]] == [str(one.id) for one in newer[:0:-1]]
    following = hub.feed(user, f"?limit=2&after={page['next_cursor']}")
    assert (following["to_acknowledge"], following["to_acknowledge_count"]) == ([], 4)
    dated = [asked(hub, sender, platform, due_at=LATER - timedelta(days=day)) for day in range(2, 20)]
    expected = [*(str(one.id) for one in reversed(dated)), *expected][:20]
    assert [one["id"] for one in hub.feed(user)["to_acknowledge"]] == expected
    assert hub.feed(user)["to_acknowledge_count"] == 22


@pytest.mark.parametrize("status", ["all", "unread", "read", "archived"])
def test_the_filter_goes_with_status_and_category_page_by_page(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User, status: str
) -> None:
    open_ones = [asked(hub, sender, platform, category=category) for category in ("service", "feature", "service")]
    done = asked(hub, sender, platform, category="service")
    acknowledge(hub, user, done)
    plain = hub.deliver(sender, platform, category="service")
    if status == "read":
        for one in (*open_ones, plain):
            hub.ask(user, f"/v1/notifications/{one.id}/read", method="PUT")
    expected: dict[str, list[Sent]] = {"true": [open_ones[2], open_ones[0]], "false": [plain, done]}
    if status == "unread":
        expected["false"] = [plain]
    if status == "archived":
        expected = {"true": [], "false": []}
    for value, fitting in expected.items():
        query, found, cursor = f"?status={status}&category=service&limit=1&to_acknowledge={value}", [], ""
        while True:
            page = hub.feed(user, query + cursor)
            found += [one["id"] for one in page["data"]]
            if not page["has_more"]:
                break
            cursor = f"&after={page['next_cursor']}"
        assert found == [str(one.id) for one in fitting], value


@pytest.mark.parametrize("value", ["", "1", "True", "yes", "null", "true&to_acknowledge=true"])
def test_a_filter_that_is_neither_true_nor_false_is_refused(hub: Hub, user: factories.User, value: str) -> None:
    assert refused(hub.ask(user, f"/v1/notifications?to_acknowledge={value}"), 422, "validation-failed")


def test_a_message_that_asks_between_finding_the_caller_and_reading_is_counted(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    caller = hub.caller(user)
    assert not caller.asks
    sent = asked(hub, sender, platform)
    given = states.Given(HASH, "shared-secret", "request")
    with pytest.raises(errors.HubError, match="Acknowledge this message"):
        states.mark_archived(hub.inbox, caller=caller, message_id=sent.id, rate=rate_limit.Verdict())
    changed = states.mark_read(hub.inbox, caller=caller, message_id=sent.id, rate=rate_limit.Verdict())
    assert changed.to_acknowledge_count == 1
    done = states.acknowledge(hub.inbox, caller=caller, message_id=sent.id, given=given, rate=rate_limit.Verdict())
    assert done.to_acknowledge_count == 0
