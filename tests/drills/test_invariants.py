"""Each invariant can be violated: the owner of the tables spoils them, and the violation is named."""

import dataclasses
import math
import uuid
from datetime import timedelta

import pytest

from drills import invariants, platforms
from drills.findings import Findings
from drills.posts import Attempt, Post
from tests.drills.conftest import Sent

REJECTED = Attempt(0.0, 0.01, 403)
UNANSWERED = Attempt(0.0, 5.0, None)
FAILED = Attempt(0.0, 0.1, 503)


def test_what_went_well_violates_nothing(sent: Sent) -> None:
    assert sent.violated() == set()


CORRUPTIONS = {
    "each recipient once": [
        "DELETE FROM inbox_entries WHERE message_id = :id AND user_id = (SELECT max(user_id) FROM inbox_entries)",
        "INSERT INTO inbox_entries SELECT user_id, sent_at + interval '1 s', message_id FROM inbox_entries WHERE message_id = :id LIMIT 1",
    ],
    "no other entries": [
        """INSERT INTO inbox_entries SELECT (SELECT min(u.id) FROM users u JOIN platforms p ON p.id = u.platform_id WHERE p.key = 'small'),
           sent_at, id FROM messages WHERE id = :id""",
    ],
    "counters equal rows": [
        "UPDATE messages SET recipient_count = recipient_count + 1 WHERE id = :id",
        "UPDATE fanout_batches SET recipient_count = recipient_count - 1 WHERE message_id = :id AND seq = 1",
        "UPDATE fanout_batches SET delivered_at = NULL WHERE message_id = :id AND seq = 1",
        "UPDATE fanout_batches SET recipient_count = recipient_count + 3 - 2 * seq WHERE message_id = :id AND seq <= 2",
    ],
    "recipients of its moment": [
        "UPDATE messages SET directory_version = directory_version + 1 WHERE id = :id",
    ],
    "in the order of acceptance": ["UPDATE messages SET sent_at = sent_at + interval '1 hour' WHERE id = :id"],
    "one time": ["UPDATE inbox_entries SET sent_at = sent_at + interval '1 s' WHERE message_id = :id"],
    "batches do not overlap": [
        "UPDATE fanout_batches SET after_user_id = after_user_id - 1 WHERE message_id = :id AND seq = 2"
    ],
    "accepted becomes sent": ["UPDATE messages SET status = 'sending', completed_at = NULL WHERE id = :id"],
    "out of flight": [
        "INSERT INTO inflight_targets SELECT scope_id, message_id FROM message_targets WHERE message_id = :id"
    ],
    "a whole message": [
        "DELETE FROM message_targets WHERE message_id = :id",
        "DELETE FROM message_visibility WHERE message_id = :id",
        "UPDATE message_visibility SET is_target = NOT is_target WHERE message_id = :id",
        "UPDATE messages SET body = 'Something else' WHERE id = :id",
        "UPDATE messages SET idempotency_key = 'of nobody' WHERE id = :id",
    ],
    "the directory is kept": [
        "DELETE FROM memberships WHERE user_id = (SELECT max(user_id) FROM inbox_entries WHERE message_id = :id)",
    ],
    "nothing else is stored": [
        "INSERT INTO inbox_entries SELECT user_id, sent_at, gen_random_uuid() FROM inbox_entries WHERE message_id = :id LIMIT 1",
        "INSERT INTO inflight_targets VALUES (1, gen_random_uuid())",
        "UPDATE messages SET title = 'Nobody wrote this' WHERE id = :id",
    ],
    "audited once": [
        "INSERT INTO audit_events (action, outcome, platform_id, user_id, message_id) SELECT 'compose', 'accepted', 1, 1, :id",
        "INSERT INTO audit_events (action, outcome, platform_id, user_id, message_id) SELECT 'recall', 'recalled', 1, 1, :id",
    ],
    "accepted is kept": ["UPDATE messages SET title = 'Another title' WHERE id = :id"],
}


@pytest.mark.parametrize(
    ("check", "statement"), [(check, one) for check, statements in CORRUPTIONS.items() for one in statements]
)
def test_a_violation_is_named(sent: Sent, check: str, statement: str) -> None:
    sent.corrupt(statement, id=sent.to_everyone.message_id)
    assert check in sent.violated()


def test_a_recalled_message_may_be_written_in_part_but_to_nobody_else(sent: Sent) -> None:
    sent.corrupt(CORRUPTIONS["no other entries"][0], id=sent.recalled.message_id)
    assert "no other entries" in sent.violated()


def test_of_a_recalled_message_a_batch_is_written_whole_or_not_at_all(sent: Sent) -> None:
    sent.corrupt(
        """UPDATE inbox_entries SET user_id = (SELECT up_to_user_id FROM fanout_batches WHERE message_id = :id AND seq = 2)
           WHERE message_id = :id AND user_id = (SELECT min(user_id) FROM inbox_entries WHERE message_id = :id)""",
        id=sent.recalled.message_id,
    )
    assert sent.violated() == {"each recipient once", "no other entries"}, (
        "although as many are written as were counted"
    )
    sent.corrupt("DELETE FROM inbox_entries WHERE message_id = :id", id=sent.recalled.message_id)
    assert sent.violated() == {"counters equal rows", "each recipient once"}


def test_a_choice_of_scopes_is_held_to_the_same(sent: Sent) -> None:
    sent.corrupt(CORRUPTIONS["each recipient once"][0].replace("FROM inbox_entries)", "FROM inbox_entries WHERE message_id = :id)"),
               id=sent.posts[1].message_id)  # fmt: skip
    assert "each recipient once" in sent.violated()
    sent.corrupt(
        """INSERT INTO inbox_entries SELECT u.id, m.sent_at, m.id FROM messages m, users u
           WHERE m.id = :id AND u.platform_id = m.platform_id AND u.external_id = 'o0-administrator-0'""",
        id=sent.posts[1].message_id,
    )
    assert "no other entries" in sent.violated()


READ_BEFORE = "UPDATE inbox_states SET {} WHERE user_id = (SELECT min(user_id) FROM inbox_states)"


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("each recipient once", "DELETE FROM inbox_entries WHERE message_id = :id AND user_id = (SELECT max(user_id) FROM inbox_states)"),
        (
            "no other entries",
            """INSERT INTO inbox_entries
               SELECT s.user_id, m.sent_at, m.id FROM messages m, inbox_states s WHERE m.id = :id ORDER BY s.user_id LIMIT 1""",
        ),
        (
            "no other entries",
            """INSERT INTO inbox_entries
               SELECT u.id, m.sent_at, m.id FROM messages m JOIN users u ON u.platform_id = m.platform_id AND u.status = 'disabled'
               WHERE m.id = :id""",
        ),
        ("a whole message", "UPDATE messages SET follows = id WHERE id = :id"),
        ("recipients of its moment", "UPDATE messages SET directory_version = directory_version + 1 WHERE id = :id"),
        ("recipients of its moment", "UPDATE followed_messages SET active_version = active_version - 1 WHERE message_id = :id"),
        ("a reading is kept", READ_BEFORE.format("read_at = NULL, first_read_at = NULL")),
        ("a reading is kept", READ_BEFORE.format("first_read_at = first_read_at + interval '1 s'")),
    ],
)  # fmt: skip
def test_a_follow_up_is_held_to_who_had_read_the_earlier_message_and_was_active(
    sent: Sent, check: str, statement: str
) -> None:
    sent.corrupt(statement, id=sent.follow_up.message_id)
    assert check in sent.violated()


def test_a_reading_is_before_or_after_a_follow_up_as_its_answer_was(sent: Sent) -> None:
    readings = sent.to_everyone.readings
    before, after = readings
    assert before.read_at is not None
    later = dataclasses.replace(before, read_at=before.read_at + timedelta(hours=2))
    assert sent.violated() == set()
    readings[:] = [later, after]
    assert sent.violated() == set(), "it may have been read before"
    repeated = dataclasses.replace(after, user=before.user, read_at=before.read_at)
    readings[:] = [before, repeated]
    assert sent.violated() == set()
    readings[:] = [repeated]
    assert sent.violated() == {"readings are before or after"}
    readings[:] = [later]
    sent.corrupt(READ_BEFORE.format("first_read_at = first_read_at + interval '1 hour'"))
    assert "readings are before or after" in sent.violated()
    readings[:] = [dataclasses.replace(before, read_at=None)]
    assert "readings are before or after" not in sent.violated(), "nothing is known of a request without an answer"


def test_a_recall_is_held_to_its_answer(sent: Sent) -> None:
    sent.recalled.recalls[:] = [None]
    assert sent.violated() == set()
    sent.recalled.recalls.clear()
    assert sent.violated() == {"nothing else is stored"}
    sent.to_everyone.recalls.append(200)
    assert "recalled is recalled" in sent.violated()


@pytest.mark.parametrize(
    ("attempts", "check"),
    [
        ([REJECTED], "rejected leaves nothing"),
        ([UNANSWERED], None),
        ([FAILED], None),
        ([UNANSWERED, REJECTED], None),
        ([Attempt(0.0, math.inf, 202, uuid.uuid4())], "accepted is kept"),
    ],
)
def test_what_may_be_left_of_a_post_depends_on_its_answers(
    sent: Sent, attempts: list[Attempt], check: str | None
) -> None:
    sent.posts[1].attempts[:] = attempts
    assert sent.violated() == ({check} if check else set())


def test_nothing_need_be_left_of_a_post_without_an_answer(sent: Sent) -> None:
    sent.posts.append(dataclasses.replace(sent.posts[0], title="Lost on its way", attempts=[UNANSWERED]))
    assert sent.violated() == set()
    sent.posts[-1].attempts.append(Attempt(0.0, 0.01, 202, uuid.uuid4()))
    assert sent.violated() == {"accepted is kept"}


def test_one_key_answered_with_two_messages_is_named(sent: Sent) -> None:
    first, second = sent.posts[1:3]
    sent.corrupt("UPDATE messages SET title = :title WHERE id = :id", title=first.title, id=second.message_id)
    first.attempts += second.attempts
    sent.posts.remove(second)
    assert {"one message", "one key, one message"} <= sent.violated()


def test_unfinished_work_is_named_when_it_takes_too_long(sent: Sent) -> None:
    assert invariants.wait_quiet(sent.owner, seconds=1.0) is None
    sent.corrupt(CORRUPTIONS["accepted becomes sent"][0], id=sent.to_everyone.message_id)
    violation = invariants.wait_quiet(sent.owner, seconds=0.2)
    assert violation is not None
    assert violation.invariant == "quiet"
    assert "1 messages" in violation.what


def test_of_many_of_a_kind_only_the_first_are_kept() -> None:
    findings = Findings()
    for number in range(100):
        findings.violated("a check", str(number))
    findings.violated("another", "")
    assert len(findings.violations) == 11


def test_the_drill_knows_who_was_where_in_which_version() -> None:
    before = platforms.Directory(("o",), {"c": "o"}, (platforms.Person("a", (platforms.Membership("clinic", "c"),)),))
    people = (platforms.Person("a", (), "disabled"), platforms.Person("b", (platforms.Membership("clinic", "c"),)))
    after = platforms.Directory(("o",), {"c": "o"}, people)
    imports = [platforms._Import(3, before, 1.0, 2.0), platforms._Import(5, after, 5.0, 6.0)]
    platform = platforms.Platform("p", 1, user_ids={"a": 1, "b": 2}, _imports=imports)
    choice: platforms.Audience = {"organisations": ["o"], "clinics": []}
    moments = [(2.5, 4.0), (2.5, 5.5), (5.5, 5.7), (6.5, 7.0), (0.5, math.inf)]
    assert [[one for one in (0, 3, 5) if one in platform.versions_between(*moment)] for moment in moments] == [
        [3], [3, 5], [3, 5], [5], [0, 3, 5],
    ]  # fmt: skip
    assert platform.recipients(choice, 4) == {1}
    assert platform.recipients(choice, 5) == platform.recipients(platforms.EVERYONE, 9) == {2}
    with pytest.raises(KeyError):
        platform.at(2)
    assert Post(platform, "a", "t", "b", choice, key="k").is_settled is False
