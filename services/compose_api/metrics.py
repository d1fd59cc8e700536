"""The fan-out's Prometheus metrics, read at each scrape: its state from PostgreSQL, what workers report from Redis.

Every process of compose_api returns the same values, and workers need no port of their own.
"""

from collections.abc import Iterator

import prometheus_client
import redis
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from services.compose_api.store import backlog as store
from services.compose_api.store import releases, steps
from shared import database_metrics, redis_client, worker_reports

_BACKLOG = (
    ("messages_unfinished", "Accepted messages that are not sent yet."),
    ("oldest_unfinished_seconds", "Age of the oldest of them; 0 where there is none."),
    ("oldest_queued_seconds", "Age of the oldest message that no worker has taken yet; 0 where there is none."),
    ("messages_failing", "Messages whose audience could not be cut at the last attempt."),
    ("batches_undelivered", "Batches that are not written yet."),
    (
        "oldest_undelivered_batch_seconds",
        "Time since the message of the oldest of them was accepted; 0 where there is none.",
    ),
    ("batches_retried", "Those of them that were published again."),
    ("batches_failing", "Those of them whose last attempt failed."),
    ("uncounted_acknowledgements", "Acknowledgements that workers have not added to the counts yet."),
    ("oldest_uncounted_acknowledgement_seconds", "Age of the oldest of them; 0 where there is none."),
    ("partition_months_ahead", "Months after this one that the inbox has partitions for."),
    ("database_clock_seconds", "PostgreSQL's clock, in seconds since 1970."),
    ("clock_offset_seconds", "PostgreSQL's clock less the last known good time; below 0 after it was set back."),
    ("newest_ahead_seconds", "How far the newest message is ahead of PostgreSQL's clock; 0 where it is not."),
    ("platforms_refused", "Platforms that cannot send because the clock is wrong."),
)
_DRAFTS = (
    ("scheduled", "Drafts that wait for their time."),
    ("overdue_seconds", "How late the first of them is; 0 where none is late."),
    ("missed", "Drafts that were too late to be released, in the last day."),
    ("failed", "Drafts whose sender could not send them any more, in the last day."),
    ("held", "1 while an operator holds all releases."),
)
_REMINDERS = (
    ("waiting", "Automatic reminders and notices about acknowledgements that wait for their time."),
    ("overdue_seconds", "How late the first of them is; 0 where none is late."),
    ("missed", "Those that were not sent in the last day because of the hub."),
)
REPEATED = prometheus_client.Counter(
    "message_hub_requests_repeated",
    "Requests that repeat an earlier one and change nothing: the same idempotency key, or a recall of a recalled message.",
    ["action"],
    registry=None,
)
for _action in ("compose", "recall", "draft"):
    REPEATED.labels(_action)
SIGN_INS = prometheus_client.Counter(
    "message_hub_sign_ins", "Attempts to sign in to the console, by what became of them.", ["outcome"], registry=None
)
for _outcome in ("signed-in", "sign-in-failed", "user-unknown", "user-inactive", "provider-unavailable"):
    SIGN_INS.labels(_outcome)
# Repairs of the sweep: label → counter
_REPAIRS = {
    "message": "messages_published_again",
    "batch": "batches_published_again",
    "completion": "messages_completed",
}


class Backlog(database_metrics.DatabaseCollector):
    """The fan-out's backlog. An alert covers the absence of samples."""

    def read(self, connection: Connection) -> Iterator[Metric]:
        backlog = store.get_backlog(connection)
        counters = store.get_counters(connection)
        for name, what in _BACKLOG:
            yield GaugeMetricFamily(f"message_hub_{name}", what, value=getattr(backlog, name))
        if backlog.last_sweep_seconds is not None:
            what = "How long ago a sweep last ended."
            yield GaugeMetricFamily("message_hub_last_sweep_seconds", what, value=backlog.last_sweep_seconds)
        yield CounterMetricFamily("message_hub_sweeps", "Sweeps that ended.", value=counters.get("sweeps", 0))
        yield CounterMetricFamily(
            "message_hub_tasks_refused",
            "Tasks that a worker did not try, because it does not know their version, fields or name.",
            value=counters.get("tasks_refused", 0),
        )
        repairs = CounterMetricFamily(
            "message_hub_sweep_repairs", "What sweeps published again or completed, by what it was.", labels=["what"]
        )
        for label, name in _REPAIRS.items():
            repairs.add_metric([label], counters.get(name, 0))
        yield repairs


class Drafts(database_metrics.DatabaseCollector):
    """Drafts that wait for their time, and what became of those whose time came."""

    def read(self, connection: Connection) -> Iterator[Metric]:
        counts = releases.get_counts(connection)
        for name, what in _DRAFTS:
            yield GaugeMetricFamily(f"message_hub_drafts_{name}", what, value=getattr(counts, name))


class Reminders(database_metrics.DatabaseCollector):
    """What is sent about acknowledgements by itself."""

    def read(self, connection: Connection) -> Iterator[Metric]:
        counts = steps.get_counts(connection)
        for name, what in _REMINDERS:
            yield GaugeMetricFamily(f"message_hub_reminders_{name}", what, value=getattr(counts, name))


class Workers(Collector):
    """What workers report. Returns no samples while Redis is unavailable; an alert covers that."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            report = worker_reports.read(self._client)
        except redis_client.UNAVAILABLE:
            return
        if report.live_workers is not None:
            yield GaugeMetricFamily("message_hub_workers", "Workers that live.", value=report.live_workers)
        yield CounterMetricFamily(
            "message_hub_task_failures", "Attempts of tasks that raised.", value=report.task_failures
        )
        yield HistogramMetricFamily(
            "message_hub_accepted_to_sent_seconds",
            "From a message's acceptance until all its entries were written.",
            buckets=report.sent,
            sum_value=report.sent_seconds,
        )
