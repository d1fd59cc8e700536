"""A whole hub in processes of its own: both APIs, as many workers as a test wants, beat, a broker that can be taken away."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy
from sqlalchemy import Engine

from cli import programs
from cli.embedded import files, leash, server
from tests import factories

PATIENCE_S = 45.0


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = PATIENCE_S) -> None:
    """Returns as soon as `true()`; fails saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.05)


class Process:
    """One process of the hub, ended by its own handle."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.handle = subprocess.Popen(
                leash.wrap(command, on_death=signal.SIGTERM),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.handle.poll() is None:
            self.handle.send_signal(how)
            try:
                self.handle.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.handle.kill()
                self.handle.wait()


class Hub:
    """`engine` is the owner's, to look at what is in the tables; everything else goes through HTTP."""

    def __init__(self, engine: Engine, redis: server.Server, environment: dict[str, str], folder: Path) -> None:
        self.engine = engine
        self.redis_server = redis
        self.environment = environment
        self.folder = folder
        self.apis = programs.Apis(
            compose_port=files.kept_port(folder / "compose-port"), inbox_port=files.kept_port(folder / "inbox-port")
        )
        self.workers: list[Process] = []
        self._processes: dict[str, Process] = {}
        self.http = httpx.Client(timeout=10)

    def start(self) -> None:
        """Both APIs; no worker yet."""
        for name in ("compose_api", "inbox_api"):
            self._start(name)
        for url in (self.apis.compose_url, self.apis.inbox_url):
            wait_until(lambda url=url: self._is_ready(url), what=f"{url} is ready")

    def stop(self) -> None:
        self.http.close()
        self.stop_workers()
        for process in self._processes.values():
            process.stop()

    def start_workers(self, count: int = 2, **settings: object) -> None:
        """Workers and a beat, with `HUB_…` settings of their own."""
        more = {f"HUB_{name.upper()}": str(value) for name, value in settings.items()}
        for _ in range(count):
            self.workers.append(self._start(f"fanout_worker_{len(self.workers) + 1}", more))
        if "beat" not in self._processes:
            self._start("beat", more)

    def stop_workers(self, how: signal.Signals = signal.SIGTERM) -> None:
        for process in self.workers:
            process.stop(how)
        self.workers.clear()
        if beat := self._processes.pop("beat", None):
            beat.stop(how)

    @contextlib.contextmanager
    def another_compose_api(self, **settings: object) -> Iterator[None]:
        """Posts go to a compose API of its own, with `HUB_…` settings of its own, until the block ends."""
        usual = self.apis
        port = files.kept_port(self.folder / "another-compose-port")
        self.apis = dataclasses.replace(usual, compose_port=port)
        kept = self._processes.pop("compose_api")
        try:
            self._start("compose_api", {f"HUB_{name.upper()}": str(value) for name, value in settings.items()})
            wait_until(lambda: self._is_ready(self.apis.compose_url), what="the other compose API is ready")
            yield
        finally:
            self._processes["compose_api"].stop()
            self._processes["compose_api"] = kept
            self.apis = usual

    @contextlib.contextmanager
    def another_inbox_api(self, *, interface: str = "asgi", **settings: object) -> Iterator[tuple[str, Process]]:
        """The address and the process of one more inbox API, with `HUB_…` settings of its own, until the block ends."""
        port = files.kept_port(self.folder / "another-inbox-port")
        url = f"http://127.0.0.1:{port}"
        command = (sys.executable, "-m", "granian", "--interface", interface, "--port", str(port))
        more = {f"HUB_{name.upper()}": str(value) for name, value in settings.items()}
        process = Process(
            (*command, "--workers-kill-timeout", "2", f"services.inbox_api.{interface}:app"),
            {**self.environment, **more},
            self.folder / "another_inbox_api.log",
        )
        try:
            wait_until(lambda: self._is_ready(url), what="the other inbox API is ready")
            yield url, process
        finally:
            process.stop()

    @contextlib.contextmanager
    def broker_stopped(self) -> Iterator[None]:
        """The broker's process does not answer, and does not refuse either."""
        pid = self._processes["redis"].handle.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def start_broker(self) -> None:
        self._processes["redis"] = Process(self.redis_server.command, self.environment, self.folder / "redis.log")
        wait_until(self.redis_server.is_ready, what="redis answers")

    def kill_broker(self) -> None:
        self._processes.pop("redis").stop(signal.SIGKILL)

    def post(
        self, who: factories.User, of: factories.Platform, audience: dict[str, Any], *, title: str = "Notice"
    ) -> dict[str, Any]:
        """The accepted message."""
        answer = self.http.post(
            f"{self.apis.compose_url}/v1/messages",
            json={"title": title, "body": "What it is about", "audience": audience},
            headers=factories.bearer(who, of),
        )
        assert answer.status_code == 202, answer.text
        message: dict[str, Any] = answer.json()
        return message

    def recall(self, who: factories.User, of: factories.Platform, message_id: str) -> None:
        url = f"{self.apis.compose_url}/v1/messages/{message_id}"
        assert self.http.delete(url, headers=factories.bearer(who, of)).json()["status"] == "recalled"

    def inbox(self, who: factories.User, of: factories.Platform, path: str, **query: object) -> Any:
        """What GET of that path of the inbox API answers."""
        url = f"{self.apis.inbox_url}{path}"
        answer = self.http.get(url, params=query, headers=factories.bearer(who, of))  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bell(self, who: factories.User, of: factories.Platform) -> list[str]:
        """The ids in a user's feed, newest first, every page of it."""
        ids: list[str] = []
        query: dict[str, object] = {"limit": 50}
        while True:
            page = self.inbox(who, of, "/v1/notifications", **query)
            ids += [notification["id"] for notification in page["data"]]
            if not page["has_more"]:
                return ids
            query["after"] = page["next_cursor"]

    def history(self, who: factories.User, of: factories.Platform, message_id: str) -> dict[str, Any]:
        message: dict[str, Any] = self.inbox(who, of, f"/v1/sent-messages/{message_id}")
        return message

    def wait_sent(self, who: factories.User, of: factories.Platform, message_id: str) -> dict[str, Any]:
        """The message, once it says that it is sent."""
        wait_until(lambda: self.history(who, of, message_id)["status"] == "sent", what=f"message {message_id} is sent")
        return self.history(who, of, message_id)

    def entries(self, message_id: str) -> list[int]:
        """Whose entries are written, straight from the table; whoever has two stands there twice."""
        statement = sqlalchemy.text("SELECT user_id FROM inbox_entries WHERE message_id = :id ORDER BY user_id")
        with self.engine.connect() as connection:
            return list(connection.execute(statement, {"id": uuid.UUID(message_id)}).scalars())

    def _start(self, name: str, more: dict[str, str] | None = None) -> Process:
        every = programs.services(
            self.apis, workers=9, beat_schedule=self.folder / "beat", environment={}, logs=self.folder
        )
        (program,) = (one for one in every if one.name == name)
        process = Process(tuple(program.command), {**self.environment, **(more or {})}, self.folder / f"{name}.log")
        if name not in ("redis",) and not name.startswith("fanout_worker"):
            self._processes[name] = process
        return process

    def _is_ready(self, url: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.http.get(f"{url}/readyz").status_code == 200
        return False
