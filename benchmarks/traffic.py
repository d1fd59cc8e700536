"""Keeps a broadcast to everyone of a platform under way for as long as a block lasts: when one is written, the next is posted."""

import contextlib
import threading
import time
from collections.abc import Iterator

import sqlalchemy

from benchmarks import hub as hubs

_IDS = sqlalchemy.text("SELECT count(*) FROM fanout_batches WHERE message_id = :id AND delivered_at IS NOT NULL")


@contextlib.contextmanager
def broadcasts(hub: hubs.Hub, platform: str) -> Iterator[list[str]]:
    """Yields the ids of what was posted so far, once the first of them is being written."""
    posted: list[str] = []
    failures: list[BaseException] = []
    ending = threading.Event()

    def keep_going() -> None:
        try:
            while not ending.is_set():
                posted.append(hub.post(platform, {"everyone": True}, body="Large"))
                hub.wait_sent(posted[-1], every=0.02)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=keep_going)
    thread.start()
    try:
        _wait_begun(hub, posted, failures)
        yield posted
    finally:
        ending.set()
        thread.join()
    if failures:
        raise failures[0]


def batch_seconds(hub: hubs.Hub, message_ids: list[str]) -> float:
    """How long one batch keeps its worker busy, from the batches of those messages that are wholly written."""
    statement = sqlalchemy.text("""
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
        FROM (SELECT EXTRACT(epoch FROM max(delivered_at) - min(published_at)) * :workers / count(*) AS seconds
              FROM fanout_batches WHERE message_id = ANY(CAST(:ids AS uuid[]))
              GROUP BY message_id HAVING count(*) > 1 AND count(*) = count(delivered_at)) AS messages
    """)
    with hub.engine.connect() as connection:
        found = connection.execute(statement, {"workers": hubs.WORKERS, "ids": message_ids}).scalar_one()
    return float(found or 0.0)


def _wait_begun(hub: hubs.Hub, posted: list[str], failures: list[BaseException]) -> None:
    deadline = time.monotonic() + 60
    with hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not failures:
            if posted and connection.execute(_IDS, {"id": posted[0]}).scalar_one():
                return
            if time.monotonic() > deadline:
                raise TimeoutError("the broadcast does not begin")
            time.sleep(0.01)
