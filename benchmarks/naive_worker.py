"""Entry file of the workers that `naive` compares the hub with: one Celery task for each recipient, one INSERT in each.

`celery -A benchmarks.naive_worker worker`; reads the addresses from the environment that `naive` gives it.
"""

import os
import uuid
from datetime import datetime

import celery
import sqlalchemy

from benchmarks import limit, naive

_INSERT = sqlalchemy.text(
    f"INSERT INTO {limit.TABLE} (user_id, sent_at, message_id) VALUES (:user_id, :sent_at, :message_id)"
)

app = celery.Celery("naive", broker=os.environ[naive.REDIS_URL], set_as_current=False)
app.conf.update(task_ignore_result=True, task_default_queue=naive.QUEUE, worker_enable_remote_control=False)
_engine = sqlalchemy.create_engine(os.environ[naive.DATABASE_URL])


@app.task(name=naive.TASK)  # type: ignore[untyped-decorator]
def write_entry(user_id: int, sent_at: str, message_id: str) -> None:
    values = {"user_id": user_id, "sent_at": datetime.fromisoformat(sent_at), "message_id": uuid.UUID(message_id)}
    with _engine.begin() as connection:
        connection.execute(_INSERT, values)
