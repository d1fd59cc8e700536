"""A real hub to measure: `message-hub run` in a folder of its own, ended with the benchmark."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import redis
import sqlalchemy
from sqlalchemy import Engine

from cli.data_folder import DataFolder
from cli.embedded import files, processes
from shared import contracts

WORKERS = 2
_START_S = 90.0
_STOP_S = 120.0
_QUIET_CHECKS = 5


class Hub:
    """`engine` is the superuser's, for looking and for clearing up; what is measured goes through the APIs."""

    engine: Engine
    redis_url: str
    database_url: str
    secret: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = DataFolder(folder / "data")
        files.make_folder(folder)
        self._ports = (files.kept_port(folder / "compose-port"), files.kept_port(folder / "inbox-port"))
        self.compose_url, self.inbox_url = (f"http://127.0.0.1:{port}" for port in self._ports)
        self.http = httpx.Client(timeout=60)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, workers: int = WORKERS) -> None:
        """Returns once both APIs are ready."""
        command = [sys.executable, "-m", "cli", "run", "--no-demo", "--data", str(self.data.path)]
        command += ["--workers", str(workers)]
        command += ["--compose-port", str(self._ports[0]), "--inbox-port", str(self._ports[1])]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        # Counted as ever, never reached: what is measured is what a sender pays for being counted.
        environment["HUB_COMPOSE_RATE_LIMIT"] = "1000000000 per minute"
        self._process = processes.start(command, log=self.folder / "log", environment=environment)
        self._wait_ready()
        running = self.data.running()
        if running is None:
            raise RuntimeError("the hub does not say where it runs")
        self.secret, self.redis_url, self.database_url = running.jwt_secret, running.redis_url, running.database_url
        url = sqlalchemy.make_url(running.database_url).set(drivername="postgresql+psycopg")
        self.engine = sqlalchemy.create_engine(url)

    def stop(self) -> None:
        if self._process is None:
            return
        if hasattr(self, "engine"):
            self.engine.dispose()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=_STOP_S)
        self._process = None

    @contextlib.contextmanager
    def without_workers(self) -> Iterator[None]:
        """The same hub, but nobody writes entries while the block lasts. What was accepted meanwhile is forgotten."""
        self.stop()
        self.start(workers=0)
        try:
            yield
            self.forget_messages()
        finally:
            self.stop()
            self.start()

    def token(self, user: str, platform: str) -> str:
        claims = {"sub": user, "platform": platform, "aud": "message-hub", "exp": int(time.time()) + 86_400}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def headers(self, user: str, platform: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user, platform)}"}

    def post(self, platform: str, audience: dict[str, Any], *, body: str = "Measured, not guessed") -> str:
        """The id of a message that was just accepted, sent by the platform's administrator."""
        answer = self.http.post(
            f"{self.compose_url}/v1/messages",
            json={"title": "Benchmark", "body": body, "audience": audience},
            headers=self.headers("administrator", platform),
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def recall(self, platform: str, message_id: str) -> None:
        url = f"{self.compose_url}/v1/messages/{message_id}"
        self.http.delete(url, headers=self.headers("administrator", platform)).raise_for_status()

    def wait_sent(self, message_id: str, *, seconds: float = 120.0, every: float = 0.005) -> None:
        """Returns once the message is `sent`; looks every few milliseconds, straight in the table."""
        deadline = time.monotonic() + seconds
        statement = sqlalchemy.text("SELECT status FROM messages WHERE id = :id")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while connection.execute(statement, {"id": message_id}).scalar_one() != "sent":
                if time.monotonic() > deadline:
                    raise TimeoutError(f"message {message_id} is not sent after {seconds:.0f} s")
                time.sleep(every)

    def wait_quiet(self, *, seconds: float = 120.0) -> None:
        """Returns once no task waits and no worker has been busy for a moment."""
        busy = sqlalchemy.text(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fanout_worker' AND state <> 'idle'"
        )
        deadline, quiet = time.monotonic() + seconds, 0
        client = redis.Redis.from_url(self.redis_url)
        with client, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while quiet < _QUIET_CHECKS:
                waiting = sum(int(client.llen(queue)) for queue in contracts.QUEUES)
                quiet = 0 if waiting or connection.execute(busy).scalar_one() else quiet + 1
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the workers are still busy after {seconds:.0f} s")
                time.sleep(0.005)

    def checkpoint(self) -> None:
        """What is timed next shall not pay for the dirty pages of what came before."""
        self.administer("CHECKPOINT")

    def forget_messages(self) -> None:
        """Empties every inbox and forgets whatever was sent; a task that still waits finds nothing to do."""
        self.administer(
            "TRUNCATE messages, message_targets, message_visibility, inflight_targets, fanout_batches, "
            "inbox_entries, inbox_states"
        )

    def administer(self, statement: str) -> None:
        """Runs one statement as the superuser, outside a transaction."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)

    def _wait_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        for url in (self.compose_url, self.inbox_url):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if self.http.get(f"{url}/readyz").status_code == 200:
                        break
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the hub did not come up; see {self.folder / 'log'}")
                time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """A hub in `folder`, with two workers and without the demo, ready to be used."""
    hub = Hub(folder)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()
        hub.http.close()
