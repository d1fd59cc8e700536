"""Two tabs at once, and a reader beside writers."""

import threading
import time
from collections.abc import Callable
from concurrent import futures

import pytest
import sqlalchemy

from shared import acknowledgements
from tests.inbox_api.hub import Hub


def _together(*calls: Callable[[], int], rounds: int = 1) -> list[int]:
    """The status codes of calls that all start at the same moment."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], int]) -> list[int]:
        barrier.wait(10)
        return [call() for _ in range(rounds)]

    with futures.ThreadPoolExecutor(len(calls)) as pool:
        return [status for statuses in pool.map(run, calls) for status in statuses]


def test_two_tabs_doing_everything_at_once_are_both_served_and_agree_in_the_end(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = [hub.deliver(sender, platform) if number % 2 else hub.send(sender, platform) for number in range(12)]
    last = {"through": str(sent[-1].id)}

    def ask(path: str, method: str, body: object = None) -> Callable[[], int]:
        return lambda: hub.ask(user, f"/v1/notifications/{path}", method=method, body=body).status_code

    statuses = _together(
        ask("read-all", "POST", last),
        ask("seen", "POST", last),
        ask(f"{sent[3].id}/read", "PUT"),
        ask(f"{sent[3].id}/read", "DELETE"),
        ask(f"{sent[3].id}/archived", "PUT"),
        ask("read-all", "POST", last),
        rounds=6,
    )
    assert set(statuses) == {200}
    hub.ask(user, "/v1/notifications/read-all", method="POST", body=last)
    assert hub.ask(user, "/v1/notifications/counts").get_json() == {
        "unread_count": 0,
        "unseen_count": 0,
        "to_acknowledge_count": 0,
    }
    assert len(hub.feed_ids(user, "?status=read")) == 11
    assert len(hub.rows("SELECT * FROM inbox_states")) == 12


def test_many_reads_of_one_notification_at_once_all_tell_the_same_first_time(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.send(sender, platform)
    told: list[object] = []

    def read() -> int:
        answer = hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT")
        told.append(answer.get_json())
        return answer.status_code

    assert _together(*[read] * 8) == [200] * 8
    assert all(answer == told[0] for answer in told)


def test_a_reader_never_sees_a_notification_vanish_or_double_while_it_is_written_and_completed(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    users = [hub.user(platform) for _ in range(3)]
    expected: list[str] = []
    wrong: list[object] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            known = list(expected)
            feed = hub.feed(users[0], "?limit=100")
            ids = [row["id"] for row in feed["data"]]
            if len(ids) != len(set(ids)) or not set(known) <= set(ids) or feed["unread_count"] != len(ids):
                wrong.append((known, feed))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(15):
            sent = hub.send(sender, platform)
            expected.append(str(sent.id))
            hub.write(sent, {users[1].id})
            hub.write(sent, {users[0].id})
            hub.finish(sent)
    finally:
        is_over.set()
        watcher.join(10)
    assert wrong == []
    assert hub.feed_ids(users[0], "?limit=100") == expected[::-1]


@pytest.mark.parametrize("what", ["read", "acknowledged"])
def test_a_recall_between_finding_and_writing_is_told_as_recalled_and_leaves_no_state(hub: Hub, what: str) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.send(sender, platform, title="T", body="B", statement="S")
    content_hash = acknowledgements.content_hash(title="T", body="B", statement="S")
    body = {"content_hash": acknowledgements.format_hash(content_hash)} if what == "acknowledged" else None

    def recall_first(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.lstrip().startswith("INSERT INTO inbox_states"):
            hub.recall(sent, sender)

    sqlalchemy.event.listen(hub.inbox, "before_cursor_execute", recall_first)
    answer = hub.ask(user, f"/v1/notifications/{sent.id}/{what}", method="PUT", body=body)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "recalled")
    assert hub.rows("SELECT FROM inbox_states UNION ALL SELECT FROM acknowledgements") == []


def test_a_tab_that_holds_the_row_makes_the_other_wait_not_fail(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.deliver(sender, platform)
    hub.ask(user, f"/v1/notifications/{sent.id}/archived", method="PUT")
    with futures.ThreadPoolExecutor(1) as pool, hub.owner.begin() as other_tab:
        other_tab.execute(sqlalchemy.text("UPDATE inbox_states SET archived_at = NULL"))
        asked = pool.submit(hub.ask, user, f"/v1/notifications/{sent.id}/read", method="PUT")
        time.sleep(0.3)
        assert not asked.done()
        other_tab.commit()
        answer = asked.result(10)
    assert answer.status_code == 200
    assert answer.get_json()["notification"]["archived_at"] is None
    assert answer.get_json()["notification"]["read_at"] is not None
