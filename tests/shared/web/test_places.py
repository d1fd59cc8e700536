"""Load shedding: more requests than places are refused at once, and health checks never wait."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from shared.web import places
from tests.shared import answers
from tests.shared.web import frame
from tests.shared.web.frame import Work


def test_when_all_places_are_taken_the_next_is_refused_at_once_and_health_answers(
    reader: Engine, user: dict[str, str], work: Work
) -> None:
    app = frame.make_app(reader, places=2, work=work)

    def get(path: str) -> TestResponse:
        return app.test_client().get(path, headers=user)

    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(get, "/work") for _ in range(2)]
        for _ in held:
            assert work.begun.acquire(timeout=5)
        took = []
        for path in ("/work", "/whoami", "/work", "/whoami"):
            began_at = time.perf_counter()
            answer = get(path)
            took.append(time.perf_counter() - began_at)
            answers.problem(answer, "unavailable")
            assert answer.headers["Retry-After"] == "1"
        assert min(took) < 0.05, "the quickest, for others may be using the processor"
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            assert get(path).status_code == 200
        answers.problem(get("/nowhere"), "not-found")
        work.go_on.set()
        assert [future.result(5).status_code for future in held] == [200, 200]
    assert get("/whoami").status_code == 200


def test_a_place_that_becomes_free_at_once_is_taken(reader: Engine, user: dict[str, str]) -> None:
    app = frame.make_app(reader, places=1)
    for _ in range(20):
        assert app.test_client().get("/whoami", headers=user).status_code == 200


@pytest.mark.parametrize("path", ["/whoami?limit=x", "/whoami?none=1", "/echo"])
def test_a_refused_request_gives_its_place_back(reader: Engine, user: dict[str, str], path: str) -> None:
    client = frame.make_app(reader, places=1).test_client()
    for _ in range(3):
        assert client.get(path, headers=user).status_code in (405, 422)
        assert client.get("/whoami").status_code == 401
    assert client.get("/whoami", headers=user).status_code == 200


def test_whoever_gives_a_place_back_and_asks_again_comes_after_those_who_wait() -> None:
    one = places.Places(1)
    order: list[int] = []

    def ask(number: int) -> None:
        assert one.take()
        order.append(number)
        one.give_back()

    assert one.take()
    waiting = []
    for number in range(3):
        waiting.append(threading.Thread(target=ask, args=(number,)))
        waiting[-1].start()
        while len(one._waiting) <= number:
            time.sleep(0.0001)
    one.give_back()
    ask(3)
    for thread in waiting:
        thread.join()
    assert order == [0, 1, 2, 3]


def test_who_waits_is_refused_after_a_moment_and_who_comes_then_at_once() -> None:
    one = places.Places(1)
    assert one.take()
    began_at = time.monotonic()
    assert not one.take()
    took = time.monotonic() - began_at
    assert took >= places._WAIT_S
    began_at = time.monotonic()
    assert not any(one.take() for _ in range(100))
    assert time.monotonic() - began_at < 0.04 * 100 / 4
    one.give_back()
    assert one.take()


def test_places_are_neither_lost_nor_made_when_many_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_WAIT_S", 0.0005)
    some, inside, most = places.Places(3), [0], [0]
    counting = threading.Lock()

    def come_and_go(_number: int) -> bool:
        if not some.take():
            return False
        with counting:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.0003)
        with counting:
            inside[0] -= 1
        some.give_back()
        return True

    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(come_and_go, range(1_500)))
    assert most == [3]
    assert any(taken)
    assert not all(taken)
    assert some._free == 3
    assert not some._waiting
