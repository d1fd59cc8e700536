import contextlib
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
import sqlalchemy

from drills import scenario
from drills.hub import COMPOSE_API, REDIS
from services.compose_api.store import backlog
from shared import contracts
from tests import factories
from tests.flow.conftest import Tree, make_tree
from tests.flow.hub import Hub, wait_until

EVERYONE = {"everyone": True}


def chosen(*scopes: factories.Scope) -> dict[str, list[str]]:
    choice: dict[str, list[str]] = {}
    for scope in scopes:
        choice.setdefault(f"{scope.level}s", []).append(scope.external_id)
    return choice


def add_people(hub: Hub, tree: Tree, count: int) -> None:
    """That many more members of the platform, in one statement."""
    with hub.engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("""
                WITH made AS (
                    INSERT INTO users (platform_id, external_id, name, email, status)
                    SELECT :platform_id, 'bulk-' || n, 'Bulk ' || n, '', 'active' FROM generate_series(1, :count) n
                    RETURNING id
                )
                INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
                SELECT id, :platform_id, 1, :platform_id, 'implied' FROM made
            """),
            {"platform_id": tree.platform.id, "count": count},
        )


@contextlib.contextmanager
def polling(hub: Hub, tree: Tree, who: factories.User) -> Iterator[list[list[str]]]:
    """Polls somebody's bell all the while; what each poll showed."""
    shown: list[list[str]] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            shown.append(hub.bell(who, tree.platform))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield shown
    finally:
        done.set()
        thread.join()


def test_a_message_to_everyone_reaches_everyone_on_the_platform_and_nobody_else(hub: Hub, tree: Tree) -> None:
    with hub.engine.begin() as connection:
        other = make_tree(connection)
    hub.start_workers()
    message = hub.post(tree.administrator, tree.platform, EVERYONE)
    sent = hub.wait_sent(tree.administrator, tree.platform, message["id"])
    assert set(hub.entries(message["id"])) == tree.everyone
    assert sent["recipient_count"] == sent["delivered_count"] == len(hub.entries(message["id"])) == len(tree.everyone)
    for user in (tree.administrator, tree.people[tree.clinics[1].external_id][0]):
        assert hub.bell(user, tree.platform) == [message["id"]]
    assert hub.bell(other.administrator, other.platform) == []


def test_an_organisation_reaches_its_own_people_and_those_of_its_clinics(hub: Hub, tree: Tree) -> None:
    hub.start_workers(1)
    message = hub.post(tree.administrator, tree.platform, chosen(tree.organisations[0]))
    hub.wait_sent(tree.administrator, tree.platform, message["id"])
    inside = tree.of(tree.organisations[0], tree.clinics[0], tree.clinics[1])
    assert set(hub.entries(message["id"])) == inside
    assert hub.bell(tree.people[tree.organisations[0].external_id][0], tree.platform) == [message["id"]]
    assert hub.bell(tree.people[tree.clinics[3].external_id][0], tree.platform) == []


def test_a_clinic_reaches_its_people_only(hub: Hub, tree: Tree) -> None:
    hub.start_workers(1)
    message = hub.post(tree.administrator, tree.platform, chosen(tree.clinics[3]))
    hub.wait_sent(tree.administrator, tree.platform, message["id"])
    assert set(hub.entries(message["id"])) == tree.of(tree.clinics[3])


def test_overlapping_scopes_reach_each_person_once(hub: Hub, tree: Tree) -> None:
    hub.start_workers(2, batch_size=3)
    message = hub.post(
        tree.administrator, tree.platform, chosen(tree.organisations[0], tree.clinics[0], tree.clinics[2])
    )
    sent = hub.wait_sent(tree.administrator, tree.platform, message["id"])
    expected = tree.of(tree.organisations[0], tree.clinics[0], tree.clinics[1], tree.clinics[2])
    assert hub.entries(message["id"]) == sorted(expected)
    assert sent["recipient_count"] == len(expected)


def test_a_scheduled_draft_is_in_the_bell_at_its_time_and_then_written(hub: Hub, tree: Tree) -> None:
    """Two compose_apis look for it."""
    hub.start_workers(1)
    headers = factories.bearer(tree.administrator, tree.platform)
    reader = tree.people[tree.clinics[3].external_id][0]
    content = {"title": "Notice", "body": "What it is about", "audience": chosen(tree.clinics[3])}
    with hub.another(COMPOSE_API) as (url, _):
        draft = hub.http.post(f"{url}/v1/drafts", json=content, headers=headers).json()
        send_at = datetime.now(UTC) + timedelta(seconds=2)
        wanted = {"send_at": send_at.isoformat()}
        answer = hub.http.post(f"{url}/v1/drafts/{draft['id']}/schedule", json=wanted, headers=headers)
        assert answer.json()["state"] == "scheduled", answer.text
        assert hub.bell(reader, tree.platform) == []
        wait_until(lambda: hub.bell(reader, tree.platform) == [draft["id"]], what="the draft is in the bell")
    message = hub.wait_sent(tree.administrator, tree.platform, draft["id"])
    assert 0 <= (datetime.fromisoformat(message["sent_at"]) - send_at).total_seconds() < 5
    assert set(hub.entries(draft["id"])) == tree.of(tree.clinics[3])


def test_an_audience_of_nobody_is_sent_at_once(hub: Hub, tree: Tree) -> None:
    with hub.engine.begin() as connection:
        empty = factories.clinic(connection, tree.organisations[0])
    hub.start_workers(1)
    message = hub.post(tree.administrator, tree.platform, chosen(empty))
    sent = hub.wait_sent(tree.administrator, tree.platform, message["id"])
    assert (sent["recipient_count"], sent["delivered_count"]) == (0, 0)
    assert hub.entries(message["id"]) == []


def test_two_platforms_side_by_side_never_meet(hub: Hub, tree: Tree) -> None:
    with hub.engine.begin() as connection:
        other = make_tree(connection)
    hub.start_workers(2, batch_size=4)
    here = [hub.post(tree.administrator, tree.platform, EVERYONE)["id"] for _ in range(3)]
    there = [hub.post(other.administrator, other.platform, EVERYONE)["id"] for _ in range(3)]
    for its, ids in ((tree, here), (other, there)):
        for message_id in ids:
            hub.wait_sent(its.administrator, its.platform, message_id)
            assert set(hub.entries(message_id)) == its.everyone
        assert hub.bell(its.people[its.clinics[0].external_id][0], its.platform) == ids[::-1]
        history = hub.inbox(its.administrator, its.platform, "/v1/sent-messages")
        assert [message["id"] for message in history["data"]] == ids[::-1]


def test_the_bell_shows_a_message_before_any_worker_has_seen_it_and_never_flickers(hub: Hub, tree: Tree) -> None:
    user = tree.people[tree.clinics[0].external_id][0]
    older = hub.post(tree.administrator, tree.platform, chosen(tree.clinics[0]))["id"]
    message = hub.post(tree.administrator, tree.platform, EVERYONE)
    assert message["status"] == "queued"
    assert hub.bell(user, tree.platform) == [message["id"], older]
    assert hub.entries(message["id"]) == []
    with polling(hub, tree, user) as shown:
        hub.start_workers(2, batch_size=2)
        hub.wait_sent(tree.administrator, tree.platform, message["id"])
        hub.wait_sent(tree.administrator, tree.platform, older)
    assert len(shown) > 5
    assert {tuple(ids) for ids in shown} == {(message["id"], older)}


def test_a_message_recalled_while_it_is_being_sent_leaves_every_bell_and_stays_unwritten(hub: Hub, tree: Tree) -> None:
    message = hub.post(tree.administrator, tree.platform, EVERYONE)
    user = tree.people[tree.clinics[0].external_id][0]
    assert hub.bell(user, tree.platform) == [message["id"]]
    hub.recall(tree.administrator, tree.platform, message["id"])
    assert hub.bell(user, tree.platform) == []
    hub.start_workers(1)
    after = hub.post(tree.administrator, tree.platform, chosen(tree.clinics[0]))
    hub.wait_sent(tree.administrator, tree.platform, after["id"])
    assert hub.entries(message["id"]) == []
    assert hub.bell(user, tree.platform) == [after["id"]]
    told = hub.history(tree.administrator, tree.platform, message["id"])
    assert (told["status"], told["recalled_by"]["id"]) == ("recalled", tree.administrator.external_id)


@pytest.mark.parametrize("victim", ["a worker", "all workers"])
def test_workers_killed_in_the_middle_lose_nothing_and_write_nothing_twice(hub: Hub, tree: Tree, victim: str) -> None:
    add_people(hub, tree, 30_000)
    hub.start_workers(2, batch_size=500)
    message = hub.post(tree.administrator, tree.platform, EVERYONE)
    wait_until(lambda: len(hub.entries(message["id"])) >= 1_000, what="some batches are written")
    for process in hub.workers if victim == "all workers" else hub.workers[:1]:
        process.stop(signal.SIGKILL)
    # What they had taken is published again after 30 s, which here have passed.
    scenario.make_due(hub.engine)
    hub.start_workers(1, batch_size=500)
    sent = hub.wait_sent(tree.administrator, tree.platform, message["id"])
    entries = hub.entries(message["id"])
    assert len(entries) == len(set(entries)) == sent["recipient_count"] == 30_000 + len(tree.everyone)


def test_a_flushed_broker_loses_nothing(hub: Hub, tree: Tree) -> None:
    add_people(hub, tree, 5_000)
    message_ids = [hub.post(tree.administrator, tree.platform, EVERYONE)["id"] for _ in range(3)]
    hub.kill_broker()
    hub.start_broker()
    hub.start_workers(1, batch_size=1_000)
    for message_id in message_ids:
        hub.wait_sent(tree.administrator, tree.platform, message_id)
        assert len(hub.entries(message_id)) == 5_000 + len(tree.everyone)


@pytest.mark.parametrize("trouble", ["refused", "hung", "its name gone"])
def test_whatever_the_broker_does_a_post_answers_in_time_and_both_apis_stay_ready(
    hub: Hub, tree: Tree, trouble: str
) -> None:
    hub.post(tree.administrator, tree.platform, chosen(tree.clinics[0]))
    with contextlib.ExitStack() as stack:
        if trouble == "refused":
            hub.kill_broker()
            stack.callback(hub.start_broker)
        elif trouble == "hung":
            stack.enter_context(hub.paused(REDIS))
        else:
            stack.enter_context(hub.another_compose_api(redis_url="redis://no-such-host.invalid:6379/0"))
        message_ids, took = [], []
        for _ in range(5):
            began = time.monotonic()
            message_ids.append(hub.post(tree.administrator, tree.platform, chosen(tree.clinics[0]))["id"])
            took.append(time.monotonic() - began)
        ready = hub.http.get(f"{hub.apis.compose_url}/readyz")
        assert ready.status_code == 200
        wait_until(
            lambda: hub.http.get(f"{hub.apis.compose_url}/readyz").json()["broker"] == "unreachable", what="it is said"
        )
        assert hub.http.get(f"{hub.apis.inbox_url}/readyz").status_code == 200, "it does without Redis"
    # On a busy machine one of them may be slow for other reasons.
    assert statistics.median(took) < 0.3
    hub.start_workers(1)
    for message_id in message_ids:
        hub.wait_sent(tree.administrator, tree.platform, message_id)


MALFORMED = [
    *("not JSON", b"\xff\xfe", "[]", "1", "null", "{}", '{"properties": null}', '{"properties": {}}'),
    '{"properties": {"delivery_tag": "x"}}',
    '{"properties": {"delivery_tag": "x", "delivery_info": {}}, "body": "x"}',
    '{"properties": {"delivery_tag": "x", "delivery_info": {"exchange": "", "routing_key": ""}}, "headers": {"task": 1}}',
]


def test_items_that_are_no_messages_are_dropped_and_counted_and_end_no_worker(hub: Hub, tree: Tree) -> None:
    hub.start_workers(1)
    with redis.Redis.from_url(hub.environment["HUB_REDIS_URL"]) as client:
        for item in MALFORMED:
            client.rpush(contracts.DELIVER_QUEUE, item)
        message = hub.post(tree.administrator, tree.platform, EVERYONE)
        hub.wait_sent(tree.administrator, tree.platform, message["id"])
        wait_until(lambda: client.llen(contracts.DELIVER_QUEUE) == 0, what="every item is taken")
    with hub.engine.connect() as connection:
        wait_until(lambda: backlog.get_counters(connection).get("tasks_refused", 0) >= 9, what="they are counted")
    assert all(worker.is_alive for worker in hub.workers)


def test_one_request_id_follows_a_message_from_the_post_through_its_tasks(hub: Hub, tree: Tree) -> None:
    hub.start_workers(1)
    answer = hub.http.post(
        f"{hub.apis.compose_url}/v1/messages",
        json={"title": "Secret title", "body": "Secret body", "audience": EVERYONE},
        headers={**factories.bearer(tree.administrator, tree.platform), "X-Request-ID": "follow-me-0001"},
    )
    assert answer.headers["X-Request-ID"] == "follow-me-0001"
    hub.wait_sent(tree.administrator, tree.platform, answer.json()["id"])
    for name in ("compose_api.log", "fanout_worker_1.log"):
        wait_until(
            lambda name=name: "follow-me-0001" in (hub.folder / name).read_text(), what=f"{name} names the request"
        )
        log = (hub.folder / name).read_text()
        assert "Secret" not in log
        assert answer.request.headers["Authorization"].removeprefix("Bearer ") not in log
