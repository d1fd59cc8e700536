import contextlib
from collections.abc import Iterator

import pytest
import redis
import structlog

from shared import redis_client, worker_reports


@contextlib.contextmanager
def connections(url: str, *names: str) -> Iterator[None]:
    """Open connections of these names."""
    with contextlib.ExitStack() as opened:
        for name in names:
            opened.enter_context(contextlib.closing(redis.Redis.from_url(url, client_name=name))).ping()
        yield


def test_workers_are_counted_once_each_however_many_connections_they_have(redis_url: str) -> None:
    with redis_client.make(redis_url) as client:
        assert worker_reports.read(client).live_workers == 0
        one, other = (f"{worker_reports.CONNECTION_NAME}fanout_worker@{host}:1" for host in ("a", "b"))
        with connections(redis_url, one, one, other, "somebody-else"):
            assert worker_reports.read(client).live_workers == 2
        assert worker_reports.read(client).live_workers == 0


def test_a_worker_whose_connections_are_all_idle_does_not_live(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_client.make(redis_url) as client, connections(redis_url, f"{worker_reports.CONNECTION_NAME}a"):
        monkeypatch.setattr(worker_reports, "_LIVE_S", -1)
        assert worker_reports.read(client).live_workers == 0


def test_a_user_who_may_not_list_connections_reads_everything_else(redis_url: str) -> None:
    with redis_client.make(redis_url) as owner:
        owner.acl_setuser("limited", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-client"])
        try:
            with redis.Redis.from_url(redis_url, username="limited", password="x") as client:
                worker_reports.Reporter(client).count_failure()
                report = worker_reports.read(client)
        finally:
            owner.acl_deluser("limited")
    assert (report.live_workers, report.task_failures) == (None, 1)


def test_messages_are_counted_in_the_bucket_of_their_time_and_all_above(redis_url: str) -> None:
    with redis_client.make(redis_url) as client:
        reporter = worker_reports.Reporter(client)
        for seconds in (0.5, 2.5, 2.6, 10_000, -3):
            reporter.observe_sent(seconds)
        report = worker_reports.read(client)
    assert list(report.sent) == [
        ("1.0", 2), ("2.5", 3), ("5.0", 4), ("10.0", 4), ("30.0", 4), ("60.0", 4), ("120.0", 4), ("300.0", 4),
        ("600.0", 4), ("+Inf", 5),
    ]  # fmt: skip
    assert report.sent_seconds == pytest.approx(10_005.6)


def test_what_cannot_be_counted_is_logged_and_raises_nothing() -> None:
    with redis_client.make_short("redis://127.0.0.1:1/0") as client, structlog.testing.capture_logs() as logged:
        worker_reports.Reporter(client).count_failure()
        worker_reports.Reporter(client).observe_sent(1)
    assert [line["event"] for line in logged] == ["not counted", "not counted"]
