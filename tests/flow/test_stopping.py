"""On SIGTERM a service first says that it is not ready, then finishes its connections, then stops listening."""

import contextlib
import http.client
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from drills.hub import COMPOSE_API, INBOX_API, INBOX_STREAM
from tests.flow.conftest import Tree
from tests.flow.hub import Hub, wait_until
from tests.flow.streams import opened

CONNECTIONS = 16


class Client:
    """One keep-alive connection that asks again and again until the service closes it after an answer."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        self.answers = 0
        self.goes_on = threading.Event()

    def ask(self) -> list[int]:
        """The status of each answer. Raises when the connection is cut before one."""
        statuses: list[int] = []
        with contextlib.closing(self._connection):
            while True:
                self._connection.request("GET", "/openapi.json")
                answer = self._connection.getresponse()
                answer.read()
                statuses.append(answer.status)
                self.answers += 1
                if answer.will_close:
                    return statuses
                self.goes_on.wait(0.02)


@pytest.mark.parametrize("name", [COMPOSE_API, INBOX_API])
def test_no_connection_is_cut_when_a_service_under_load_is_asked_to_stop(hub: Hub, name: str) -> None:
    with hub.another(name, drain_seconds=60) as (url, process), ThreadPoolExecutor(CONNECTIONS) as pool:
        clients = [Client(url) for _ in range(CONNECTIONS)]
        asked = [pool.submit(client.ask) for client in clients]
        wait_until(lambda: all(client.answers for client in clients), what="each connection had an answer")
        process.handle.send_signal(signal.SIGTERM)
        wait_until(lambda: not hub.is_ready(url), what="it is not ready")
        answer = hub.http.get(f"{url}/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})
        for one in asked:
            assert set(one.result(timeout=30)) == {200}
        assert process.is_alive
        assert hub.http.get(f"{url}/healthz").status_code == 200
        process.handle.send_signal(signal.SIGTERM)  # it need not wait any longer
        assert process.handle.wait(timeout=20) == 0


def test_a_service_that_is_asked_to_stop_drains_for_its_time_and_ends(hub: Hub) -> None:
    with hub.another(INBOX_API, drain_seconds=1) as (url, process):
        process.handle.send_signal(signal.SIGTERM)
        wait_until(lambda: not hub.is_ready(url), what="it is not ready")
        assert process.handle.wait(timeout=20) == 0


def test_a_stream_goes_on_while_its_process_drains_and_ends_before_it_stops(hub: Hub, tree: Tree) -> None:
    person = tree.people[tree.clinics[0].external_id][0]
    with hub.another(INBOX_STREAM, drain_seconds=60) as (url, process), opened(url, person, tree.platform) as client:
        process.handle.send_signal(signal.SIGTERM)
        wait_until(lambda: not hub.is_ready(url), what="it is not ready")
        assert hub.http.get(f"{url}/readyz").headers["Connection"] == "close"
        assert not client.is_over
        process.handle.send_signal(signal.SIGTERM)
        assert process.handle.wait(timeout=20) == 0
        wait_until(lambda: client.is_over, what="the stream has ended")
        assert client.retry_ms, "it says when to come back"
