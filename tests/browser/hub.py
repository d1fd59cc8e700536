"""A hub as `message-hub run` starts it, demo included, for tests that look at it through a browser."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy

from cli.data_folder import DataFolder
from cli.embedded import files
from shared import db
from tests import conftest as base
from tests import factories
from tests.flow.hub import wait_until

_ROOT = Path(__file__).parents[2]
_UP_S = 60.0


class Hub:
    """`engine` is the owner's, to make directories with; all else goes through HTTP."""

    def __init__(self, data: Path, *, cors_origins: str = "") -> None:
        self.data = data
        self.compose_port, self.inbox_port, self.stream_port, self.directory_port = (
            files.free_port() for _ in range(4)
        )
        self.compose_url = f"http://127.0.0.1:{self.compose_port}"
        self.inbox_url = f"http://127.0.0.1:{self.inbox_port}"
        self.stream_url = f"http://127.0.0.1:{self.stream_port}"
        self.scim_url = f"http://127.0.0.1:{self.directory_port}/scim/v2"
        self.http = httpx.Client(timeout=10)
        self.engine: sqlalchemy.Engine
        self._output = data.with_suffix(".out")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
            "HUB_JWT_SECRET": factories.SECRET,
            "HUB_SWEEP_SECONDS": "1",
            "HUB_DRAIN_SECONDS": "0",
            "HUB_CORS_ORIGINS": cors_origins,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ports = (
            *("--compose-port", str(self.compose_port)),
            *("--inbox-port", str(self.inbox_port)),
            *("--stream-port", str(self.stream_port)),
            *("--directory-port", str(self.directory_port)),
        )
        with self._output.open("wb") as output:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", "--data", str(self.data), *ports, "--workers", "1"],
                stdout=output, stderr=output, cwd=_ROOT, env=self._environment, start_new_session=True,
            )  # fmt: skip
        wait_until(
            lambda: "Message Hub is up." in self._printed() or process.poll() is not None,
            what="the hub is up",
            seconds=_UP_S,
        )
        assert process.poll() is None, self._printed()
        running = DataFolder(self.data).running()
        assert running is not None
        settings = base.database_settings(running.database_url)
        self.engine = db.make_engine(settings, role=None, name="browser-tests")

    def stop(self) -> None:
        self.http.close()
        if hasattr(self, "engine"):
            self.engine.dispose()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=60)

    def demo_people(self) -> list[dict[str, str]]:
        """Those of the demo page, each with `id`, `name`, `role` and `token`."""
        people: list[dict[str, str]] = json.loads(DataFolder(self.data).demo_people.read_text("utf-8"))["people"]
        return people

    @contextlib.contextmanager
    def worker_paused(self) -> Iterator[None]:
        """Nothing is filed until the block ends."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children(recursive=True)
        workers = [child for child in children if " worker " in " ".join(child.cmdline())]
        assert workers
        for worker in workers:
            worker.suspend()
        try:
            yield
        finally:
            for worker in workers:
                worker.resume()

    def post(
        self, token: str, audience: dict[str, Any], *, title: str, body: str = "What it is about", **options: Any
    ) -> str:
        """The id of the message that was accepted."""
        message = {"title": title, "body": body, "audience": audience, **options}
        answer = self.http.post(f"{self.compose_url}/v1/messages", json=message, headers=_bearer(token))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def expire(self, message_id: str) -> None:
        """As if its `expires_at` had passed a minute ago."""
        with self.engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("UPDATE messages SET expires_at = now() - interval '1 minute' WHERE id = :id"),
                {"id": message_id},
            )

    def make_overdue(self, message_id: str, days: int) -> None:
        """As if it had been due this many days ago."""
        with self.engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("UPDATE messages SET due_at = now() - make_interval(days => :days) WHERE id = :id"),
                {"id": message_id, "days": days},
            )

    def acknowledge(self, token: str, message_id: str) -> None:
        path = f"{self.inbox_url}/v1/notifications/{message_id}"
        asked = self.http.get(path, headers=_bearer(token)).json()["acknowledgement"]
        confirmed = {"content_hash": asked["content_hash"]}
        answer = self.http.put(f"{path}/acknowledged", json=confirmed, headers=_bearer(token))
        assert answer.status_code == 200, answer.text

    def draft(self, token: str, **content: Any) -> str:
        """The id of a new draft."""
        answer = self.http.post(f"{self.compose_url}/v1/drafts", json=content, headers=_bearer(token))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def schedule(self, token: str, draft_id: str, **schedule: str) -> None:
        url = f"{self.compose_url}/v1/drafts/{draft_id}/schedule"
        answer = self.http.post(url, json=schedule, headers=_bearer(token))
        assert answer.status_code == 200, answer.text

    def recall(self, token: str, message_id: str) -> None:
        answer = self.http.delete(f"{self.compose_url}/v1/messages/{message_id}", headers=_bearer(token))
        assert answer.json()["status"] == "recalled", answer.text

    def mark_read(self, token: str, message_id: str) -> None:
        answer = self.http.put(f"{self.inbox_url}/v1/notifications/{message_id}/read", headers=_bearer(token))
        assert answer.status_code == 200, answer.text

    def sent(self, token: str) -> list[dict[str, Any]]:
        """The newest messages that an administrator sees."""
        answer = self.http.get(f"{self.inbox_url}/v1/sent-messages?limit=100", headers=_bearer(token))
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()["data"]
        return messages

    def received(self, token: str, **query: str) -> list[dict[str, Any]]:
        """The newest notifications of a user."""
        answer = self.http.get(f"{self.inbox_url}/v1/notifications", params=query, headers=_bearer(token))
        assert answer.status_code == 200, answer.text
        notifications: list[dict[str, Any]] = answer.json()["data"]
        return notifications

    def wait_received(self, token: str) -> list[str]:
        """The ids of a user's notifications, once there is one."""
        wait_until(lambda: bool(self.received(token)), what="a notification is there")
        return [str(one["id"]) for one in self.received(token)]

    def wait_sent(self, token: str, message_id: str) -> None:
        """Until everybody's entry is written."""
        wait_until(
            lambda: next(one for one in self.sent(token) if one["id"] == message_id)["status"] == "sent",
            what=f"message {message_id} is sent",
        )

    def _printed(self) -> str:
        return self._output.read_text(encoding="utf-8")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
