"""Many requests at the same moment, each in a thread and on a connection of its own."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import sqlalchemy

from tests.compose_api.hub import EVERYONE, Hub, World

T = TypeVar("T")
AT_ONCE = 8


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What each call returns; all begin together."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_posts_at_once_with_one_key_make_one_message(hub: Hub, world: World) -> None:
    who, key = world["platform administrator"], str(uuid.uuid4())
    found = at_once(*[lambda: hub.send(who, {"clinics": ["a1", "b1"]}, key=key)] * AT_ONCE)
    assert {answer.status_code for answer in found} == {202}
    assert len({answer.get_json()["id"] for answer in found}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in found) == 1
    assert hub.rows("SELECT count(*) FROM messages WHERE idempotency_key = :key", key=key) == [(1,)]
    assert len(hub.published.contracts) == 1


def test_of_different_posts_with_one_key_one_is_accepted(hub: Hub, world: World) -> None:
    who, key = world["platform administrator"], str(uuid.uuid4())
    found = at_once(*[lambda n=n: hub.send(who, key=key, title=f"Notice {n}") for n in range(AT_ONCE)])
    assert sorted(answer.status_code for answer in found) == [202] + [422] * (AT_ONCE - 1)
    refused = {answer.get_json()["code"] for answer in found if answer.status_code == 422}
    assert refused == {"idempotency-key-reused"}
    assert hub.rows("SELECT count(*) FROM messages WHERE idempotency_key = :key", key=key) == [(1,)]


def test_two_recalls_keep_one_time_and_one_person(hub: Hub, world: World) -> None:
    message = hub.sent(world["administrator of a1"], {"clinics": ["a1"]})
    people = [
        "administrator of a1",
        "administrator of a",
        "platform administrator",
        "second platform administrator",
    ] * 2
    found = at_once(*[lambda who=who: hub.recall(world[who], message["id"]) for who in people])
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.text for answer in found}) == 1
    assert found[0].get_json()["recalled_by"]["name"] in people


def test_times_are_unique_and_nothing_ever_appears_below_the_newest_that_was_read(hub: Hub, world: World) -> None:
    who, other = world["platform administrator"], world["administrator of x's platform"]
    statement = sqlalchemy.text("SELECT sent_at FROM messages WHERE platform_id = :id")
    done = threading.Event()
    late: list[datetime] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        known: set[datetime] = set()
        while not done.is_set():
            with hub.owner.connect() as connection:
                seen = set(connection.execute(statement, {"id": who.platform.id}).scalars())
            late.extend(time for time in seen - known if known and time < max(known))
            known, reads = seen, reads + 1

    def send() -> list[str]:
        return [hub.sent(who, EVERYONE)["sent_at"] for _ in range(10)]

    def send_elsewhere() -> list[str]:
        return [hub.sent(other, EVERYONE)["sent_at"] for _ in range(10)]

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        times = at_once(*[send] * 8, send_elsewhere)
        done.set()
        reader.result(10)
    given = [time for one_senders in times[:8] for time in one_senders]
    assert len(set(given)) == 80
    assert all(one_senders == sorted(one_senders) for one_senders in times)
    assert late == []
    assert reads > 20


def test_a_time_is_later_than_all_before_even_if_the_clock_went_back(hub: Hub, own_world: World) -> None:
    who = own_world["platform administrator"]
    first = hub.sent(who)
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET sent_at = sent_at + interval '4 minutes' WHERE id = %s", (first["id"],)
        )
    ((ahead,),) = hub.rows("SELECT sent_at FROM messages WHERE id = :id", id=first["id"])
    times = [datetime.fromisoformat(hub.sent(who)["sent_at"]) for _ in range(3)]
    assert [(time - ahead).total_seconds() for time in times] == [1e-6, 2e-6, 3e-6]


def test_a_sender_waits_for_no_other_platform(hub: Hub, world: World) -> None:
    with hub.owner.begin() as connection:
        lock = sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
        connection.execute(lock, {"lock": f"accept:{world.platform.id}"})
        hub.sent(world["administrator of x's platform"])
