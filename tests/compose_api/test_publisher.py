"""The publisher beside the requests: whatever the broker does, nobody waits for it and nothing is raised."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import kombu.exceptions
import pytest
import structlog

from services.compose_api import publisher
from shared import breaker, contracts


def task(number: int = 0) -> contracts.ExpandMessage:
    return contracts.ExpandMessage(message_id=str(uuid.UUID(int=number)), request_id="r")


def there() -> breaker.Breaker:
    """Of a Redis that answers whoever asks whether it does."""
    return breaker.Breaker(lambda: None)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_AGAIN_AFTER_S", 0.02)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)


class Hung:
    """A send that hangs until it is told to go on."""

    def __init__(self) -> None:
        self.sent: list[contracts.Contract] = []
        self.began = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, contract: contracts.Contract) -> None:
        self.began.set()
        self.go_on.wait(10)
        self.sent.append(contract)


@pytest.fixture
def hung() -> Iterator[Hung]:
    send = Hung()
    yield send
    send.go_on.set()


def test_what_is_submitted_is_sent_in_order() -> None:
    sent: list[contracts.Contract] = []
    taken = publisher.Publisher(sent.append, there())
    tasks = [task(number) for number in range(50)]
    for one in tasks:
        taken.submit(one)
    wait_until(lambda: len(sent) == 50)
    assert sent == tasks


def test_nobody_waits_while_a_send_hangs(hung: Hung) -> None:
    taken = publisher.Publisher(hung, there())
    began_at = time.perf_counter()
    for number in range(100):
        taken.submit(task(number))
    assert time.perf_counter() - began_at < 0.1
    assert hung.sent == []


@pytest.mark.parametrize(
    "error",
    [OSError("away"), kombu.exceptions.OperationalError("away"), RuntimeError("odd"), ValueError("$"), KeyError("x")],
    ids=repr,
)
def test_a_send_that_raises_is_logged_without_its_words_and_the_next_goes_out(error: Exception) -> None:
    sent: list[contracts.Contract] = []

    def send(contract: contracts.Contract) -> None:
        if contract == task(1):
            raise error
        sent.append(contract)

    taken = publisher.Publisher(send, there())
    with structlog.testing.capture_logs() as logged:
        taken.submit(task(1))
        taken.submit(task(2))
        wait_until(lambda: sent)
    assert sent == [task(2)]
    left = [line for line in logged if "message_id" in line]
    assert [(line["log_level"], line["reason"], line["message_id"]) for line in left] == [
        ("warning", type(error).__name__, task(1).message_id)
    ]


def test_what_waited_too_long_is_left_to_the_sweep_and_logged(hung: Hung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_STALE_AFTER_S", 0.05)
    taken = publisher.Publisher(hung, there())
    with structlog.testing.capture_logs() as logged:
        taken.submit(task(1))
        hung.began.wait(5)
        for number in (2, 3):
            taken.submit(task(number))
        time.sleep(0.1)
        hung.go_on.set()
        wait_until(lambda: len(logged) == 2)
        taken.submit(task(4))
        wait_until(lambda: len(hung.sent) == 2)
    assert hung.sent == [task(1), task(4)], "the first was on its way, the last is fresh"
    assert [line["message_id"] for line in logged] == [task(2).message_id, task(3).message_id]


def test_what_is_too_much_is_left_to_the_sweep_at_once(hung: Hung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_CAPACITY", 3)
    taken = publisher.Publisher(hung, there())
    taken.submit(task(0))
    hung.began.wait(5)
    with structlog.testing.capture_logs() as logged:
        for number in range(1, 6):
            taken.submit(task(number))
    assert [line["message_id"] for line in logged] == [task(4).message_id, task(5).message_id]
    hung.go_on.set()
    wait_until(lambda: len(hung.sent) == 4)


def test_what_is_dropped_is_counted_whatever_the_reason(hung: Hung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_CAPACITY", 1)
    dropped: list[None] = []
    taken = publisher.Publisher(hung, there(), count=lambda: dropped.append(None))
    taken.submit(task(0))
    hung.began.wait(5)
    for number in (1, 2, 3):
        taken.submit(task(number))
    assert len(dropped) == 2
    hung.go_on.set()
    wait_until(lambda: len(hung.sent) == 2)
    assert len(dropped) == 2


def test_while_redis_is_away_what_is_fresh_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_AGAIN_AFTER_S", 0.2)
    sent: list[contracts.Contract] = []
    one = there()
    taken = publisher.Publisher(sent.append, one)
    one.failed(OSError("away"))
    taken.submit(task(1))
    taken.submit(task(2))
    time.sleep(0.05)
    assert sent == []
    wait_until(lambda: len(sent) == 2)
    assert one.is_closed


def test_many_threads_may_submit_at_once() -> None:
    sent: list[contracts.Contract] = []
    taken = publisher.Publisher(sent.append, there())
    threads = [
        threading.Thread(target=lambda n=n: [taken.submit(task(n * 100 + i)) for i in range(50)]) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(sent) == 400)
    assert len(set(sent)) == 400
