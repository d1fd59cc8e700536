"""Load shedding: more requests than places are refused at once, and health checks never wait."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.shared import answers
from tests.shared.http import frame


class Work:
    """Holds every request until it is told to go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self) -> dict[str, str]:
        self.begun.release()
        self.go_on.wait(10)
        return {}


@pytest.fixture
def work() -> Iterator[Work]:
    held = Work()
    yield held
    held.go_on.set()


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
