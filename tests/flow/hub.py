"""A hub of processes for flow tests: both APIs, as many workers as a test wants, beat, a broker that can be killed."""

import contextlib
import dataclasses
import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy

from cli.embedded import files
from drills import hub as drills_hub
from drills.hub import COMPOSE_API, INBOX_API, INBOX_STREAM, REDIS
from drills.processes import Process, wait_until
from tests import factories

__all__ = ["Hub", "wait_until"]


class Hub(drills_hub.Hub):
    """`engine` is the owner's, to inspect the tables; everything else goes through HTTP."""

    def start_apis(self) -> None:
        """The APIs and the live stream; no worker yet."""
        for name in drills_hub.APIS:
            self.start(name)
        self.wait_ready(*drills_hub.APIS)

    @contextlib.contextmanager
    def another_compose_api(self, **settings: object) -> Iterator[None]:
        """Posts go to a compose API of its own, with `HUB_…` settings of its own, until the block ends."""
        usual = self.apis
        port = files.kept_port(self.folder / "another-compose-port")
        self.apis = dataclasses.replace(usual, compose_port=port)
        kept = self.processes.pop(COMPOSE_API)
        try:
            self.start(COMPOSE_API, **settings)
            self.wait_ready(COMPOSE_API)
            yield
        finally:
            self.stop(COMPOSE_API)
            self.processes[COMPOSE_API] = kept
            self.apis = usual

    @contextlib.contextmanager
    def another(self, name: str, **settings: object) -> Iterator[tuple[str, Process]]:
        """The address and the process of one more API or stream, with `HUB_…` settings of its own, until the block ends."""
        ports = {
            field: files.kept_port(self.folder / f"another-{field}")
            for field in ("compose_port", "inbox_port", "stream_port")
        }
        apis = dataclasses.replace(self.apis, **ports)
        url = {COMPOSE_API: apis.compose_url, INBOX_API: apis.inbox_url, INBOX_STREAM: apis.stream_url}[name]
        process = Process(
            self.command(name, apis),
            {**self.environment, **drills_hub.environment_of(settings)},
            self.folder / f"another_{name}.log",
        )
        try:
            wait_until(lambda: self.is_ready(url), what=f"the other {name} is ready")
            yield url, process
        finally:
            process.stop()

    def start_broker(self) -> None:
        self.start_server(REDIS)

    def kill_broker(self) -> None:
        self.kill(REDIS)

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
