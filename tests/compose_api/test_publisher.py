"""The publisher beside the requests: whatever Redis does, `submit` returns at once and what is not published is counted."""

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import cast

import prometheus_client
import pytest
import redis
import sqlalchemy
import structlog

from drills.proxy import Proxy
from services.compose_api import publisher
from shared import broker, contracts, redis_client
from tests.waiting import wait_until

NOTICE = contracts.PlatformChanged(platform_id=7)
Make = Callable[[str], publisher.Publisher]


def task(number: int = 0) -> contracts.ExpandMessage:
    return contracts.ExpandMessage(message_id=str(uuid.UUID(int=number)), request_id="r")


def make(url: str) -> publisher.Publisher:
    """As wsgi.py makes it, of a Redis that the monitor has found available."""
    monitor = redis_client.Monitor(url)
    app = broker.make_celery(url, connect_timeout_s=0.1, socket_timeout_s=0.1)
    return publisher.Publisher(app, url, monitor)


def ready(url: str) -> publisher.Publisher:
    made = make(url)
    wait_until(lambda: made._monitor.is_ok)
    return made


def dropped(of: publisher.Publisher, kind: str = "task") -> float | None:
    registry = prometheus_client.CollectorRegistry()
    of.register(registry)
    return registry.get_sample_value("message_hub_publishes_dropped_total", {"kind": kind})


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(int(sqlalchemy.make_url(redis_url).port or 0)) as made:
        yield made


def waiting(client: redis.Redis) -> int:
    """How many messages are to be expanded by the tasks in the queue."""
    tasks = cast("list[bytes]", client.lrange(contracts.EXPAND_QUEUE, 0, -1))
    arguments = [json.loads(base64.b64decode(json.loads(one)["body"]))[1] for one in tasks]
    return sum(len(one.get(contracts.EACH, [one])) for one in arguments)


def through(proxy: Proxy, redis_url: str) -> str:
    return sqlalchemy.make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)


def test_tasks_and_change_notices_are_published(redis_url: str, client: redis.Redis) -> None:
    made = ready(redis_url)
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(NOTICE.channel)
        heard.get_message(timeout=5)
        for number in range(20):
            made.submit(NOTICE)
            made.submit(task(number))
        wait_until(lambda: waiting(client) == 20)
        message = heard.get_message(timeout=5)
        assert message is not None
        assert contracts.PlatformChanged.read(message["data"]) == NOTICE
    assert (dropped(made), dropped(made, "change_notice")) == (0, 0)


def test_what_one_thread_submits_is_published_in_order(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(broker, "publish", lambda _app, *tasks: sent.extend(tasks))
    made = ready(redis_url)
    for number in range(50):
        made.submit(task(number))
    wait_until(lambda: len(sent) == 50)
    assert sent == [task(number) for number in range(50)]


def test_a_redis_that_hangs_costs_nobody_anything_and_what_it_did_not_take_is_counted(
    proxy: Proxy, redis_url: str, client: redis.Redis
) -> None:
    made = ready(through(proxy, redis_url))
    proxy.hold()
    began_at = time.perf_counter()
    for number in range(100):
        made.submit(task(number))
        made.submit(NOTICE)
    assert time.perf_counter() - began_at < 0.1
    wait_until(lambda: dropped(made) == dropped(made, "change_notice") == 100)
    proxy.reset()
    proxy.release()
    wait_until(lambda: made._monitor.is_ok)
    made.submit(task())
    wait_until(lambda: client.llen(contracts.EXPAND_QUEUE) > 0)
    assert dropped(made) == 100


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://no-such-host.invalid/0"])
def test_what_is_submitted_while_redis_is_away_is_dropped_at_once(url: str) -> None:
    made = make(url)
    with structlog.testing.capture_logs() as logged:
        made.submit(task(1))
        wait_until(lambda: dropped(made) == 1)
    (line,) = [line for line in logged if "kind" in line]
    assert (line["log_level"], line["kind"], line["message_id"]) == ("warning", "task", task(1).message_id)


@pytest.mark.parametrize("error", [OSError("away"), RuntimeError("odd"), ValueError("$"), KeyError("x")], ids=repr)
def test_an_error_is_logged_without_its_words_and_the_next_is_published(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    sent: list[object] = []

    def publish(_app: object, *tasks: contracts.Contract) -> None:
        if task(1) in tasks:
            raise error
        sent.extend(tasks)

    monkeypatch.setattr(broker, "publish", publish)
    made = ready(redis_url)
    with structlog.testing.capture_logs() as logged:
        made.submit(task(1))
        wait_until(lambda: dropped(made) == 1)
        made.submit(task(2))
        wait_until(lambda: sent)
    assert sent == [task(2)]
    assert [(line["reason"], line["message_id"]) for line in logged if "kind" in line] == [
        (type(error).__name__, task(1).message_id)
    ]


def test_what_the_queue_does_not_hold_is_dropped_at_once(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_CAPACITY", 3)
    began, go_on, sent = threading.Event(), threading.Event(), []

    def publish(_app: object, *tasks: contracts.Contract) -> None:
        began.set()
        go_on.wait(10)
        sent.extend(tasks)

    monkeypatch.setattr(broker, "publish", publish)
    made = ready(redis_url)
    made.submit(task(0))
    assert began.wait(5)
    for number in range(1, 6):
        made.submit(task(number))
    assert dropped(made) == 2
    go_on.set()
    wait_until(lambda: len(sent) == 4)
    assert sent == [task(number) for number in range(4)]


def test_many_threads_may_submit_at_once(redis_url: str, client: redis.Redis) -> None:
    made = ready(redis_url)
    threads = [threading.Thread(target=lambda: [made.submit(task()) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: waiting(client) == 400)
    assert client.llen(contracts.EXPAND_QUEUE) < 100, "many share a task"
