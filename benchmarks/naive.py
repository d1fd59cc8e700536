"""What people build first, on a sample: a Celery task for each recipient, and an ORM INSERT for each recipient in one process.

Both write to a table like the one that the hub writes to, on the hub's own PostgreSQL and Redis. The second is the way of
django-notifications: a loop that saves an object for each recipient, each with its commit.
"""

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import celery
import redis
import sqlalchemy
from sqlalchemy import orm

from benchmarks import hub as hubs
from benchmarks import limit
from cli.embedded import processes as child_processes

SAMPLE = 2_000
# What naive_worker is told, and what it calls its task.
REDIS_URL = "BENCH_REDIS_URL"
DATABASE_URL = "BENCH_DATABASE_URL"
QUEUE = "naive"
TASK = "naive.write_entry"
_WARM_UP = 50
_PATIENCE_S = 120.0
_ROOT = Path(__file__).parents[1]
_REDIS_DATABASE = 1
# As the hub starts its own workers.
_WORKER = ("--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle")


class _Base(orm.DeclarativeBase):
    pass


class _Entry(_Base):
    __tablename__ = limit.TABLE

    user_id: orm.Mapped[int] = orm.mapped_column(sqlalchemy.BigInteger, primary_key=True)
    sent_at: orm.Mapped[datetime] = orm.mapped_column(sqlalchemy.TIMESTAMP(timezone=True), primary_key=True)
    message_id: orm.Mapped[uuid.UUID] = orm.mapped_column(primary_key=True)


def measure(hub: hubs.Hub, work: limit.Work) -> dict[str, float]:
    """Entries per second of each way."""
    statement = sqlalchemy.text(
        f"SELECT user_id FROM ({work.recipients.sql}) AS audience ORDER BY user_id LIMIT :count"
    )
    with hub.engine.connect() as connection:
        values = {**work.recipients.parameters(), "count": SAMPLE + _WARM_UP}
        users = list(connection.execute(statement, values).scalars())
    warm_up, sample = users[:_WARM_UP], users[_WARM_UP:]
    return {
        "one Celery task for each recipient, two workers": _with_tasks(hub, work, warm_up, sample),
        "one ORM INSERT for each recipient, one process": _with_orm(hub, work, warm_up, sample),
    }


def _with_tasks(hub: hubs.Hub, work: limit.Work, warm_up: list[int], sample: list[int]) -> float:
    """From the first task's publication to the last one's row."""
    limit.make_table(hub)
    broker = str(hub.redis_url).removesuffix("/0") + f"/{_REDIS_DATABASE}"
    publisher = celery.Celery("naive", broker=broker, set_as_current=False)
    publisher.conf.update(task_ignore_result=True, task_default_queue=QUEUE)

    def send(users: list[int]) -> None:
        for user_id in users:
            arguments = (user_id, work.sent_at.isoformat(), str(work.message_id))
            publisher.send_task(TASK, arguments)

    try:
        with _workers(hub, broker):
            send(warm_up)
            _wait_rows(hub, len(warm_up))
            hub.checkpoint()
            began = time.perf_counter()
            send(sample)
            _wait_rows(hub, len(warm_up) + len(sample))
            took = time.perf_counter() - began
    finally:
        publisher.close()
        with redis.Redis.from_url(broker) as client:
            client.flushdb()
    return len(sample) / took


def _with_orm(hub: hubs.Hub, work: limit.Work, warm_up: list[int], sample: list[int]) -> float:
    limit.make_table(hub)

    def write(users: list[int]) -> None:
        with orm.Session(hub.engine) as session:
            for user_id in users:
                session.add(_Entry(user_id=user_id, sent_at=work.sent_at, message_id=work.message_id))
                session.commit()

    write(warm_up)
    hub.checkpoint()
    began = time.perf_counter()
    write(sample)
    took = time.perf_counter() - began
    hub.administer(f"DROP TABLE {limit.TABLE}")
    return len(sample) / took


@contextlib.contextmanager
def _workers(hub: hubs.Hub, broker: str) -> Iterator[None]:
    environment = {
        **os.environ,
        REDIS_URL: broker,
        DATABASE_URL: str(hub.database_url).replace("postgresql://", "postgresql+psycopg://", 1),
        "PYTHONPATH": str(_ROOT),
    }
    processes = []
    for number in range(hubs.WORKERS):
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "benchmarks.naive_worker", "worker", *_WORKER]
        command += ["--hostname", f"naive_{number}@%h"]
        processes.append(child_processes.start(command, log=hub.folder / "naive.log", environment=environment))
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def _wait_rows(hub: hubs.Hub, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    with hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.exec_driver_sql(f"SELECT count(*) FROM {limit.TABLE}").scalar_one() < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {count} rows after {_PATIENCE_S:.0f} s; see {hub.folder / 'naive.log'}")
            time.sleep(0.02)
