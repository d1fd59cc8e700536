"""The limit of a fan-out: the same recipients written to the same kind of table as fast as the database takes them.

The identical recipients' SELECT inserted into an identical, empty table over as many connections as the hub has workers, in
halves of equally many people, without batches, claims, Celery or HTTP.
"""

import itertools
import threading
import time
import uuid

import sqlalchemy

from benchmarks import hub as hubs
from services.fanout_worker.domain.model import Message
from services.fanout_worker.store import messages
from shared import audience

_TABLE = "bench_entries"


def measure(hub: hubs.Hub, message_id: str) -> float:
    """Seconds from the first connection's INSERT to the last one's commit, for the recipients of a message."""
    message, bounds = _find(hub, message_id)
    with hub.engine.connect() as connection:
        month = connection.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").scalar_one()
    hub.administer(
        f"DROP TABLE IF EXISTS {_TABLE}", f"CREATE TABLE {_TABLE} (LIKE inbox_entries_{month} INCLUDING ALL)"
    )
    insert = sqlalchemy.text(f"""
        INSERT INTO {_TABLE} (user_id, sent_at, message_id)
        SELECT user_id, :sent_at, :message_id FROM ({message.audience.sql}) AS audience ORDER BY user_id
    """)
    parts = list(itertools.pairwise(bounds))
    ready = threading.Barrier(len(parts) + 1)

    def write(after: int, up_to: int) -> None:
        values = message.audience.parameters(after_user_id=after, up_to_user_id=up_to)
        with hub.engine.begin() as connection:
            ready.wait()
            connection.execute(insert, {**values, "sent_at": message.sent_at, "message_id": message.id})

    threads = [threading.Thread(target=write, args=part) for part in parts]
    for thread in threads:
        thread.start()
    hub.checkpoint()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    hub.administer(f"DROP TABLE {_TABLE}")
    return took


def _find(hub: hubs.Hub, message_id: str) -> tuple[Message, list[int]]:
    """The message, and the user ids that cut its recipients into parts of equally many, one for each connection."""
    with hub.engine.connect() as connection:
        message = messages.find_message(connection, message_id=uuid.UUID(message_id))
        assert message is not None
        cuts = sqlalchemy.text(f"""
            SELECT max(user_id) FROM (SELECT user_id, ntile({hubs.WORKERS}) OVER (ORDER BY user_id) AS part
                                      FROM ({message.audience.sql}) AS audience) AS parts
            GROUP BY part ORDER BY part
        """)
        return message, [audience.NO_USER, *connection.execute(cuts, message.audience.parameters()).scalars()]
