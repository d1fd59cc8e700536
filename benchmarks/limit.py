"""The limit of a fan-out: the same people written to the same kind of table as fast as the database takes them.

The identical recipients' SELECT inserted into an identical, empty, indexed table over as many connections as the hub has workers, in
halves of equally many people, without batches, claims, Celery or HTTP.
"""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import Engine

from benchmarks import hub as hubs
from shared import audience

TABLE = "bench_entries"


@dataclass(frozen=True)
class Work:
    """What a message's fan-out writes. `bounds` cut the recipients into parts of equally many, one for each connection."""

    message_id: uuid.UUID
    sent_at: datetime
    recipients: audience.Audience
    bounds: Sequence[int]


_FIND_MESSAGE = sqlalchemy.text("""
    SELECT m.platform_id, m.directory_version, m.sent_at,
           bool_or(t.level = 'platform') AS everyone,
           array_agg(t.scope_id) FILTER (WHERE t.level = 'organisation') AS organisations,
           array_agg(t.scope_id) FILTER (WHERE t.level = 'clinic') AS clinics
    FROM messages m JOIN message_targets t ON t.message_id = m.id
    WHERE m.id = :id GROUP BY m.id
""")


def find_work(engine: Engine, message_id: str) -> Work:
    """What was to be written for a message. Never part of what is timed."""
    with engine.connect() as connection:
        row = connection.execute(_FIND_MESSAGE, {"id": message_id}).one()
        recipients = audience.Audience(
            platform_id=row.platform_id,
            version=row.directory_version,
            everyone=row.everyone,
            organisation_ids=tuple(sorted(row.organisations or ())),
            clinic_ids=tuple(sorted(row.clinics or ())),
        )
        cuts = sqlalchemy.text(f"""
            SELECT max(user_id) FROM (SELECT user_id, ntile({hubs.WORKERS}) OVER (ORDER BY user_id) AS part
                                      FROM ({recipients.sql}) AS audience) AS parts
            GROUP BY part ORDER BY part
        """)
        bounds = [audience.NO_USER, *connection.execute(cuts, recipients.parameters()).scalars()]
    return Work(uuid.UUID(message_id), row.sent_at, recipients, bounds)


def make_table(hub: hubs.Hub) -> None:
    """An empty table like the partition that the hub writes to now, with its index and its check."""
    hub.administer(f"DROP TABLE IF EXISTS {TABLE}")
    with hub.engine.connect() as connection:
        month = connection.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").scalar_one()
    hub.administer(f"CREATE TABLE {TABLE} (LIKE inbox_entries_{month} INCLUDING ALL)")


def measure(hub: hubs.Hub, work: Work) -> float:
    """Seconds from the first connection's INSERT to the last one's commit."""
    make_table(hub)
    insert = sqlalchemy.text(f"""
        INSERT INTO {TABLE} (user_id, sent_at, message_id)
        SELECT user_id, :sent_at, :message_id FROM ({work.recipients.sql}) AS audience ORDER BY user_id
    """)
    parts = list(zip(work.bounds, work.bounds[1:], strict=False))
    ready = threading.Barrier(len(parts) + 1)

    def write(after: int, up_to: int) -> None:
        values = work.recipients.parameters(after_user_id=after, up_to_user_id=up_to)
        with hub.engine.begin() as connection:
            ready.wait()
            connection.execute(insert, {**values, "sent_at": work.sent_at, "message_id": work.message_id})

    threads = [threading.Thread(target=write, args=part) for part in parts]
    for thread in threads:
        thread.start()
    hub.checkpoint()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    hub.administer(f"DROP TABLE {TABLE}")
    return took
