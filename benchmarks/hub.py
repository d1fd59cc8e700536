"""The hub that is measured: the processes that `message-hub run` starts, and what benchmarks do with them over HTTP."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
import sqlalchemy

from drills import database
from drills import hub as drills_hub
from shared import contracts

WORKERS = 2
ADMINISTRATOR = "administrator"
TITLE = "Benchmark"
EVERYONE: dict[str, Any] = {"everyone": True}
_QUIET_CHECKS = 5


class Hub(drills_hub.Hub):
    """`engine` is the owner's, for setting up and inspecting; what is measured goes through the APIs."""

    @contextlib.contextmanager
    def without_workers(self) -> Iterator[None]:
        """No entries are written until the block ends; what was accepted meanwhile is deleted."""
        self.stop_workers()
        try:
            yield
            self.forget_messages()
        finally:
            self.start_workers(WORKERS)

    def post(self, platform: str, audience: dict[str, Any], *, body: str = "Measured, not guessed", **more: Any) -> str:
        """The id of a message that was just accepted, sent by the platform's administrator; `more` is more of its content."""
        answer = self.http.post(
            f"{self.apis.compose_url}/v1/messages",
            json={"title": TITLE, "body": body, "audience": audience, **more},
            headers=self.bearer(ADMINISTRATOR, platform),
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def recall(self, platform: str, message_id: str) -> None:
        url = f"{self.apis.compose_url}/v1/messages/{message_id}"
        self.http.delete(url, headers=self.bearer(ADMINISTRATOR, platform)).raise_for_status()

    def wait_sent(self, message_id: str, *, seconds: float = 120.0, every: float = 0.005) -> None:
        """Returns once the message is `sent`; reads its row every few milliseconds."""
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
        client = redis.Redis.from_url(self.environment["HUB_REDIS_URL"])
        with client, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while quiet < _QUIET_CHECKS:
                waiting = sum(int(client.llen(queue)) for queue in contracts.QUEUES)
                quiet = 0 if waiting or connection.execute(busy).scalar_one() else quiet + 1
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the workers are still busy after {seconds:.0f} s")
                time.sleep(0.005)

    def checkpoint(self) -> None:
        """What is timed next does not pay for the dirty pages of what came before."""
        self.administer("CHECKPOINT")

    def administer(self, *statements: str) -> None:
        """Runs each statement as the owner, outside a transaction."""
        database.administer(self.engine, *statements)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """A hub in `folder` with two workers."""
    # The rate limit is checked for each request as always, and never reached.
    with Hub.running(folder, workers=WORKERS, compose_rate_limit="1000000000 per minute") as hub:
        yield hub
