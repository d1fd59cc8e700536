"""A client of the live stream: reads events in a thread and keeps them with the time at which they came."""

import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from drills.processes import wait_until


@dataclass(frozen=True)
class Event:
    name: str
    id: str | None
    data: Any
    at: float


class Client:
    """One stream. `status`, `headers` and, of a refusal, `code` are the answer's; `is_over` says whether the server ended it."""

    def __init__(self, url: str, headers: dict[str, str], last_event_id: str | None = None) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        more = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self._connection.request("GET", "/v1/notifications/stream", headers={**headers, **more})
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.headers = self._answer.headers
        self.events: list[Event] = []
        self.retry_ms: int | None = None
        self.is_over = False
        self.code: str | None = None
        self._socket = self._connection.sock
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.status == 200:
            self._thread.start()
        else:
            self.code = json.loads(self._answer.read())["code"]
            self.close()

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]

    def ids(self) -> list[str]:
        """The ids of the notifications that came, in their order."""
        return [event.data["id"] for event in self.named("notification")]

    def wait(self, name: str, count: int = 1, *, seconds: float = 20.0) -> Event:
        """The last of `count` events of that name, once it is here."""
        wait_until(lambda: len(self.named(name)) >= count, what=f"{count} × {name}", seconds=seconds)
        return self.named(name)[count - 1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.ident is not None:
            self._thread.join()
        self._answer.close()
        self._connection.close()
        self._socket.close()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            while line := self._answer.readline():
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                    continue
                if "retry" in fields:
                    self.retry_ms = int(fields["retry"])
                if "event" in fields:
                    event = Event(fields["event"], fields.get("id"), json.loads(fields["data"]), time.monotonic())
                    self.events.append(event)
                fields = {}
        self.is_over = True
