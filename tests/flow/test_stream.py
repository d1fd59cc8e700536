"""The live stream against a running hub: who is told what, how soon, and what becomes of it when something is away."""

import contextlib
import itertools
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from drills.hub import INBOX_STREAM, REDIS
from tests import factories
from tests.flow.conftest import Tree, make_tree
from tests.flow.hub import Hub, wait_until
from tests.flow.streams import Client, opened
from tests.flow.test_sending import EVERYONE, chosen


@contextlib.contextmanager
def listening(hub: Hub, tree: Tree, *people: factories.User, after: str | None = None) -> Iterator[list[Client]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(opened(hub.apis.stream_url, who, tree.platform, after)) for who in people]


def person(tree: Tree, number: int = 0) -> factories.User:
    return tree.people[tree.clinics[number].external_id][0]


def timed_post(hub: Hub, tree: Tree, audience: dict[str, Any], title: str = "Notice") -> tuple[str, float]:
    message = hub.post(tree.administrator, tree.platform, audience, title=title)
    return str(message["id"]), time.monotonic()


def test_a_message_is_told_within_a_second_as_the_feed_shows_it(hub: Hub, tree: Tree) -> None:
    with listening(hub, tree, person(tree)) as (client,):
        message_id, posted_at = timed_post(hub, tree, EVERYONE, title='Ünder "maintenance" 🕘')
        event = client.wait("notification")
        assert event.at - posted_at < 1
        (shown,) = hub.inbox(person(tree), tree.platform, "/v1/notifications")["data"]
        assert event.data == shown
        assert event.data["id"] == message_id
        assert client.headers["Content-Type"] == "text/event-stream"
        assert client.headers["Cache-Control"] == "no-store"
        assert client.headers["X-Accel-Buffering"] == "no"
        assert "Content-Length" not in client.headers


def test_only_those_whom_a_message_reaches_are_told_and_each_once(hub: Hub, tree: Tree) -> None:
    with hub.engine.begin() as connection:
        other = make_tree(connection)
    both = tree.people[tree.clinics[0].external_id][-1]
    with (
        listening(hub, tree, person(tree, 0), both, person(tree, 1), person(tree, 2), tree.administrator) as clients,
        listening(hub, other, other.administrator) as (stranger,),
    ):
        first, _ = timed_post(hub, tree, chosen(tree.clinics[0], tree.clinics[2]))
        second, _ = timed_post(hub, tree, chosen(tree.organisations[0]))
        last, _ = timed_post(hub, tree, EVERYONE)
        for client in clients:
            wait_until(lambda client=client: last in client.ids(), what="the last one is told")
        expected = [[first, second, last], [first, second, last], [second, last], [first, last], [last]]
        assert [client.ids() for client in clients] == expected
        assert [event.name for event in stranger.events] == ["ready"]


def test_recipients_are_those_of_the_messages_own_moment(hub: Hub, tree: Tree) -> None:
    stays, leaves = tree.people[tree.clinics[0].external_id][:2]
    joins = person(tree, 3)
    with listening(hub, tree, stays, leaves, joins) as (of_stays, of_leaves, of_joins):
        before, _ = timed_post(hub, tree, chosen(tree.clinics[0]))
        of_stays.wait("notification")
        with hub.engine.begin() as connection:
            factories.leave(connection, leaves, tree.clinics[0])
            factories.member(connection, joins, tree.clinics[0])
        after, _ = timed_post(hub, tree, chosen(tree.clinics[0]))
        of_stays.wait("notification", 2)
        of_joins.wait("notification")
        with hub.engine.begin() as connection:
            factories.set_status(connection, joins, "disabled")
        last, _ = timed_post(hub, tree, EVERYONE)
        of_leaves.wait("notification", 2)
        of_stays.wait("notification", 3)
        assert of_stays.ids() == [before, after, last]
        assert of_leaves.ids() == [before, last]
        assert of_joins.ids() == [after]


def test_a_recall_is_told_to_those_who_had_the_message(hub: Hub, tree: Tree) -> None:
    with listening(hub, tree, person(tree, 0), person(tree, 1)) as (told, other):
        message_id, _ = timed_post(hub, tree, chosen(tree.clinics[0]))
        told.wait("notification")
        hub.recall(tree.administrator, tree.platform, message_id)
        recalled_at = time.monotonic()
        event = told.wait("recalled")
        assert event.data == {"id": message_id}
        assert event.at - recalled_at < 1
        time.sleep(2.5)  # the recall is found again by each look of the next half minute
        assert len(told.named("recalled")) == 1
        assert [event.name for event in other.events] == ["ready"]


def test_whoever_comes_back_is_told_what_came_meanwhile_in_order_and_once(hub: Hub, tree: Tree) -> None:
    who = person(tree)
    with listening(hub, tree, who) as (client,):
        timed_post(hub, tree, EVERYONE)
        last_id = client.wait("notification").id
    missed = [timed_post(hub, tree, EVERYONE)[0] for _ in range(5)]
    hub.recall(tree.administrator, tree.platform, missed.pop(2))
    with listening(hub, tree, who, after=last_id) as (client,):
        live, _ = timed_post(hub, tree, EVERYONE)
        wait_until(lambda: live in client.ids(), what="live again")
        assert client.ids() == [*missed, live]
        assert [event.name for event in client.events[:5]] == ["notification"] * 4 + ["ready"], (
            "what was missed comes first"
        )
        assert client.named("ready")[0].data == {"unread_count": 5, "unseen_count": 5, "to_acknowledge_count": 0}
        ready_id = client.named("ready")[0].id
    with listening(hub, tree, who, after=ready_id) as (client,):
        assert client.ids() == [live]
    with listening(hub, tree, who) as (client,):
        assert client.ids() == [], "without Last-Event-ID there is nothing to come back to"


def test_more_than_can_be_told_one_by_one_is_a_sync(hub: Hub, tree: Tree) -> None:
    who = person(tree)
    with listening(hub, tree, who) as (client,):
        last_id = client.named("ready")[0].id
    for _ in range(101):
        timed_post(hub, tree, EVERYONE)
    with listening(hub, tree, who, after=last_id) as (client,):
        assert [event.name for event in client.events] == ["sync", "ready"]
        assert client.named("sync")[0].id == client.named("ready")[0].id


def test_messages_posted_at_once_arrive_in_the_order_of_the_feed(hub: Hub, tree: Tree) -> None:
    with listening(hub, tree, person(tree)) as (client,):
        posted = [timed_post(hub, tree, EVERYONE)[0] for _ in range(40)]
        client.wait("notification", 40)
        assert client.ids() == posted == list(reversed(hub.bell(person(tree), tree.platform)))


def test_a_stream_ends_when_its_token_does(hub: Hub, tree: Tree) -> None:
    who = person(tree)
    # It expired 27 s ago, and tokens are accepted for 30 s after they do.
    token = factories.token(who, tree.platform, ttl=-27)
    client = Client(hub.apis.stream_url, {"Authorization": f"Bearer {token}"})
    assert client.status == 200
    began_at = time.monotonic()
    wait_until(lambda: client.is_over, what="the stream has ended", seconds=10)
    assert [event.name for event in client.events] == ["ready"]
    assert time.monotonic() - began_at < 6
    client.close()
    again = Client(hub.apis.stream_url, {"Authorization": f"Bearer {token}"})
    assert (again.status, again.code) == (401, "token-expired")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "token-missing"),
        ({"Authorization": "Bearer nonsense"}, 401, "token-invalid"),
        ({"Last-Event-ID": "nonsense"}, 400, "bad-cursor"),
    ],
    ids=["no token", "bad token", "bad cursor"],
)
def test_a_stream_is_refused_as_any_request_is(
    hub: Hub, tree: Tree, headers: dict[str, str], status: int, code: str
) -> None:
    bearer = factories.bearer(person(tree), tree.platform) if "Last-Event-ID" in headers else {}
    client = Client(hub.apis.stream_url, {**bearer, **headers})
    assert (client.status, client.code) == (status, code)
    assert client.headers["Content-Type"] == "application/problem+json"


def test_without_a_broker_messages_are_told_within_seconds_and_at_once_when_it_is_back(hub: Hub, tree: Tree) -> None:
    """Killed, started again, stopped without an answer: the streams stay open throughout."""
    with listening(hub, tree, person(tree)) as (client,):
        counted = itertools.count(1)

        def took() -> float:
            _, posted_at = timed_post(hub, tree, EVERYONE)
            return client.wait("notification", next(counted)).at - posted_at

        assert took() < 1
        hub.kill_broker()
        try:
            assert took() < 3
            with listening(hub, tree, person(tree, 1)) as (newcomer,):
                assert took() < 3
                newcomer.wait("notification")
        finally:
            hub.start_broker()
        with hub.paused(REDIS):
            assert took() < 3
        wait_until(lambda: took() < 0.5, what="messages are told at once again")
        assert not client.is_over
        assert client.named("sync") == []


def test_a_disabled_users_stream_ends_within_seconds(hub: Hub, tree: Tree) -> None:
    with listening(hub, tree, person(tree, 0), person(tree, 1)) as (disabled, other):
        with hub.engine.begin() as connection:
            factories.set_status(connection, person(tree, 0), "disabled")
        wait_until(lambda: disabled.is_over, what="the stream has ended", seconds=5)
        message_id, _ = timed_post(hub, tree, EVERYONE)
        other.wait("notification")
        assert (disabled.ids(), other.ids()) == ([], [message_id])
    again = Client(hub.apis.stream_url, factories.bearer(person(tree, 0), tree.platform))
    assert (again.status, again.code) == (403, "user-inactive")


def test_streams_survive_a_database_that_was_away(hub: Hub, tree: Tree) -> None:
    with listening(hub, tree, person(tree)) as (client,):
        timed_post(hub, tree, EVERYONE)
        client.wait("notification")
        with hub.engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'inbox_stream' AND datname = current_database()"
            )
        _, posted_at = timed_post(hub, tree, EVERYONE)
        assert client.wait("notification", 2).at - posted_at < 5
        assert not client.is_over


def test_a_client_that_goes_is_forgotten(hub: Hub, tree: Tree) -> None:
    def count() -> float:
        text = hub.http.get(f"{hub.apis.stream_url}/metrics").text
        (line,) = (line for line in text.splitlines() if line.startswith("message_hub_streams_open "))
        return float(line.split()[1])

    wait_until(lambda: count() == 0, what="nobody is there")
    with listening(hub, tree, person(tree), person(tree), person(tree, 1)):
        assert count() == 3
    wait_until(lambda: count() == 0, what="everybody has gone")


def test_a_process_serves_as_many_streams_as_it_is_told_and_ends_them_when_it_stops(hub: Hub, tree: Tree) -> None:
    with hub.another(INBOX_STREAM, streams=2) as (url, process), contextlib.ExitStack() as stack:
        clients = [stack.enter_context(opened(url, person(tree, n), tree.platform)) for n in range(2)]
        refused = Client(url, factories.bearer(person(tree, 2), tree.platform))
        assert (refused.status, refused.code) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        began_at = time.monotonic()
        process.stop()
        assert time.monotonic() - began_at < 1.9, "it did not wait to be killed"
        for client in clients:
            wait_until(lambda client=client: client.is_over, what="the stream has ended", seconds=2)
            assert [event.name for event in client.events] == ["ready"]


def test_a_client_that_never_reads_costs_the_others_nothing(hub: Hub, tree: Tree) -> None:
    """Its own stream fills the buffers and then its queue; it is told to sync instead of everything it missed."""
    with listening(hub, tree, person(tree)) as (client,), socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect(("127.0.0.1", hub.apis.stream_port))
        token = factories.bearer(person(tree, 1), tree.platform)["Authorization"]
        lazy.sendall(f"GET /v1/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
        for number in range(30):
            _, posted_at = timed_post(hub, tree, EVERYONE)
            assert client.wait("notification", number + 1).at - posted_at < 1


def test_events_say_when_to_come_back(hub: Hub, tree: Tree) -> None:
    clients = []
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            clients.append(stack.enter_context(opened(hub.apis.stream_url, person(tree), tree.platform)))
    times = [client.retry_ms for client in clients]
    assert all(time is not None and 1_000 <= time <= 6_000 for time in times)
    assert len(set(times)) > 1, "not all together"
