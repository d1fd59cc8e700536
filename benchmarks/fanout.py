"""Fan-out rate: from POST to the last entry, against the limit of the database itself.

The limit: the identical recipients' SELECT inserted into an identical, empty, indexed table over as many connections as there are
workers, in equal ranges of ids, without batches, claims, Celery or HTTP. Both are measured in turn, and the median ratio counts.
"""

import statistics
import threading
import time
from dataclasses import asdict, dataclass

import sqlalchemy
from sqlalchemy import Engine

from benchmarks import hub as hubs
from benchmarks import seed
from shared import audience

WORKERS = 2


@dataclass(frozen=True)
class Result:
    """Rates are entries per second, shares are of the limit; an audience of one batch has no delivering apart from the rest."""

    audience: str
    recipients: int
    hub_seconds: float
    hub_rate: float
    limit_rate: float
    share_of_limit: float
    delivering_share: float | None


def run(hub: hubs.Hub, platform: seed.Platform, *, rounds: int) -> list[Result]:
    choices = {
        "everyone": {"everyone": True},
        "50 organisations": {"organisations": [f"o{number}" for number in range(50)]},
    }
    return [_measure(hub, platform, name, choice, rounds) for name, choice in choices.items()]


def as_rows(results: list[Result]) -> list[dict[str, object]]:
    return [asdict(result) for result in results]


def _measure(hub: hubs.Hub, platform: seed.Platform, name: str, choice: dict[str, object], rounds: int) -> Result:
    samples: list[tuple[float, float, float, int]] = []
    for number in range(rounds + 1):
        began = time.perf_counter()
        message_id = hub.post(platform.key, choice)
        hub.wait_sent(message_id)
        took = time.perf_counter() - began
        delivering, recipients = _delivering_seconds(hub.engine, message_id)
        limit = _limit_seconds(hub.engine, message_id)
        if number:  # the first round warms up
            samples.append((took, delivering, limit, recipients))
    recipients = samples[0][3]
    return Result(
        audience=name,
        recipients=recipients,
        hub_seconds=round(statistics.median(took for took, _, _, _ in samples), 4),
        hub_rate=round(recipients / statistics.median(took for took, _, _, _ in samples)),
        limit_rate=round(recipients / statistics.median(limit for _, _, limit, _ in samples)),
        share_of_limit=round(statistics.median(limit / took for took, _, limit, _ in samples), 2),
        delivering_share=round(statistics.median(limit / delivering for _, delivering, limit, _ in samples), 2)
        if samples[0][1]
        else None,
    )


def _delivering_seconds(engine: Engine, message_id: str) -> tuple[float, int]:
    """From the first batch's publication to the last one's delivery, and the number of recipients."""
    statement = """
        SELECT EXTRACT(epoch FROM max(delivered_at) - min(published_at)) AS seconds, sum(recipient_count) AS recipients
        FROM fanout_batches WHERE message_id = :id
    """
    with engine.connect() as connection:
        row = connection.execute(sqlalchemy.text(statement), {"id": message_id}).one()
    return float(row.seconds), int(row.recipients)


def _limit_seconds(engine: Engine, message_id: str) -> float:
    """The same people written to a table like inbox_entries, as fast as the database takes them."""
    with engine.begin() as connection:
        row = connection.execute(
            sqlalchemy.text("""
                SELECT m.platform_id, m.directory_version, m.sent_at,
                       bool_or(t.level = 'platform') AS everyone,
                       array_agg(t.scope_id) FILTER (WHERE t.level = 'organisation') AS organisations,
                       (SELECT min(after_user_id) FROM fanout_batches b WHERE b.message_id = m.id) AS first,
                       (SELECT max(up_to_user_id) FROM fanout_batches b WHERE b.message_id = m.id) AS last
                FROM messages m JOIN message_targets t ON t.message_id = m.id WHERE m.id = :id GROUP BY m.id
            """),
            {"id": message_id},
        ).one()
        connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS bench_entries"))
        connection.execute(sqlalchemy.text("CREATE TABLE bench_entries (LIKE inbox_entries INCLUDING ALL)"))
    wanted = audience.Audience(
        platform_id=row.platform_id,
        version=row.directory_version,
        everyone=row.everyone,
        organisation_ids=tuple(row.organisations or ()),
    )
    insert = sqlalchemy.text(f"""
        INSERT INTO bench_entries (user_id, sent_at, message_id)
        SELECT user_id, :sent_at, :message_id FROM ({wanted.sql}) AS audience ORDER BY user_id
    """)
    bounds = [row.first + (row.last - row.first) * part // WORKERS for part in range(WORKERS + 1)]
    ready = threading.Barrier(WORKERS + 1)

    def write(part: int) -> None:
        parameters = wanted.parameters(after_user_id=bounds[part], up_to_user_id=bounds[part + 1])
        with engine.begin() as connection:
            ready.wait()
            connection.execute(insert, {**parameters, "sent_at": row.sent_at, "message_id": message_id})

    threads = [threading.Thread(target=write, args=(part,)) for part in range(WORKERS)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began
