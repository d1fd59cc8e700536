"""A real hub to measure: `message-hub run` with two workers in a folder of its own, ended with the benchmark."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import sqlalchemy
from sqlalchemy import Engine

from cli.data_folder import DataFolder
from cli.embedded import files

_START_S = 60.0


@dataclass(frozen=True)
class Hub:
    engine: Engine
    http: httpx.Client
    compose_url: str
    inbox_url: str
    secret: str

    def headers(self, user: str, platform: str) -> dict[str, str]:
        claims = {"sub": user, "platform": platform, "aud": "message-hub", "exp": int(time.time()) + 86_400}
        return {"Authorization": f"Bearer {jwt.encode(claims, self.secret, algorithm='HS256')}"}

    def post(self, platform: str, audience: dict[str, Any]) -> str:
        """The id of a message that was just accepted, sent by the platform's administrator."""
        answer = self.http.post(
            f"{self.compose_url}/v1/messages",
            json={"title": "Benchmark", "body": "Measured, not guessed", "audience": audience},
            headers=self.headers("administrator", platform),
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def recall(self, platform: str, message_id: str) -> None:
        url = f"{self.compose_url}/v1/messages/{message_id}"
        self.http.delete(url, headers=self.headers("administrator", platform)).raise_for_status()

    def wait_sent(self, message_id: str, *, seconds: float = 120.0) -> None:
        """Returns once the message is `sent`; looks every 5 ms, straight in the table."""
        deadline = time.monotonic() + seconds
        statement = sqlalchemy.text("SELECT status FROM messages WHERE id = :id")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while connection.execute(statement, {"id": message_id}).scalar_one() != "sent":
                if time.monotonic() > deadline:
                    raise TimeoutError(f"message {message_id} is not sent after {seconds:.0f} s")
                time.sleep(0.005)


@contextlib.contextmanager
def running(folder: Path, *, workers: int = 2) -> Iterator[Hub]:
    """A hub in `folder`, without the demo, ready to be used."""
    data = DataFolder(folder / "data")
    compose_port, inbox_port = files.kept_port(folder / "compose-port"), files.kept_port(folder / "inbox-port")
    command = [sys.executable, "-m", "cli", "run", "--no-demo", "--data", str(data.path), "--workers", str(workers)]
    command += ["--compose-port", str(compose_port), "--inbox-port", str(inbox_port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    http = httpx.Client(timeout=60)
    try:
        _wait_ready(http, (compose_port, inbox_port), process)
        running = data.running()
        if running is None:
            raise RuntimeError("the hub does not say where it runs")
        engine = sqlalchemy.create_engine(
            sqlalchemy.make_url(running.database_url).set(drivername="postgresql+psycopg")
        )
        yield Hub(engine, http, running.compose_url, running.inbox_url, data.jwt_secret() or "")
        engine.dispose()
    finally:
        http.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait_ready(http: httpx.Client, ports: tuple[int, ...], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    for port in ports:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the hub did not come up")
            time.sleep(0.1)
