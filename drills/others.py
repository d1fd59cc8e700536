"""Requests of modest clients beside a fault that concerns others: each must be served, and soon."""

import contextlib
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import httpx

from drills import background, platforms
from drills.scenario import Scenario

# The median, since a busy machine delays single requests.
MAX_S = 2.0


def check_served(scenario: Scenario, client: httpx.Client, beside: str, *, seconds: float) -> None:
    """An administrator and a user of the small platform send, preview and read for some time."""
    until = time.monotonic() + seconds
    administrator = scenario.platforms[platforms.SMALL].now.administrators[0].id
    headers = scenario.load.bearer(administrator, platforms.SMALL)
    apis, preview = scenario.hub.apis, {"audience": dict(platforms.EVERYONE)}
    calls: dict[str, Callable[[], int]] = {
        "a preview": lambda: (
            client.post(f"{apis.compose_url}/v1/audiences/preview", json=preview, headers=headers).status_code
        ),
        "a feed": lambda: client.get(f"{apis.inbox_url}/v1/notifications", headers=headers).status_code,
        "counts": lambda: client.get(f"{apis.inbox_url}/v1/notifications/counts", headers=headers).status_code,
        "the history": lambda: client.get(f"{apis.inbox_url}/v1/sent-messages", headers=headers).status_code,
        "a message": lambda: scenario.load.attempt(scenario.draft(platforms.SMALL), client=client).status or 0,
    }
    took: list[float] = []
    while time.monotonic() < until or not took:
        for name, call in calls.items():
            began = time.monotonic()
            status = call()
            took.append(time.monotonic() - began)
            scenario.check(status in (200, 202), "others are served", f"{name} is answered {status} beside {beside}")
    times = f"a median of {statistics.median(took):.2f} s beside {beside}"
    scenario.check(statistics.median(took) < MAX_S, "others are served soon", times)
    scenario.time(f"another's request beside {beside}", max(took))


def flood(
    url: str, method: str, path: str, headers: Mapping[str, str], *, connections: int, body: bytes = b""
) -> background.Work:
    """So many connections on which the next request is sent as soon as the last one is answered, all in one thread."""
    address = urlsplit(url)
    lines = [f"{method} {path} HTTP/1.1", "Host: hub", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

    def work(ending: threading.Event) -> None:
        with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
            for _ in range(connections):
                target = (str(address.hostname), address.port or 80)
                connection = opened.enter_context(socket.create_connection(target, timeout=5))
                selector.register(connection, selectors.EVENT_READ)
                connection.sendall(request)
            while not ending.is_set():
                for key, _ in selector.select(0.1):
                    connection = key.fileobj  # type: ignore[assignment]
                    with contextlib.suppress(OSError):
                        if connection.recv(65_536):
                            connection.sendall(request)
                            continue
                    selector.unregister(connection)

    return work
