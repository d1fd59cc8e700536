import prometheus_client
import pytest
from prometheus_client import parser
from sqlalchemy import Engine

from services.compose_api import metrics
from shared import db, redis_client, settings, worker_reports
from tests import conftest as base
from tests import factories
from tests.compose_api.hub import Hub, World


def backlog(engine: Engine) -> dict[str, float]:
    registry = prometheus_client.CollectorRegistry()
    registry.register(metrics.Backlog(engine))
    text = prometheus_client.generate_latest(registry).decode()
    return {
        sample.name.removeprefix("message_hub_") + "".join(sample.labels.values()): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_backlog_counts_messages_and_batches_that_are_not_done(
    hub: Hub, world: World, compose_engine: Engine
) -> None:
    before = backlog(compose_engine)
    sent = [hub.sent(world["platform administrator"])["id"] for _ in range(3)]
    recalled = hub.recall(world["platform administrator"], sent[0]).get_json()["id"]
    insert = """INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, last_error)
                VALUES (%s, 1, 0, 9, 9, now(), %s)"""
    with hub.owner.begin() as connection:
        for message_id, error in ((sent[1], None), (sent[2], "it failed"), (recalled, "it failed")):
            connection.exec_driver_sql(insert, (message_id, error))
        connection.exec_driver_sql(
            "INSERT INTO acknowledgements SELECT id, 1, sent_at, now() - interval '1 h', sha256('a'), 'b', 'c' FROM messages WHERE id = %s",
            (sent[0],),
        )
    after = backlog(compose_engine)
    # Times pass by themselves, and messages of other tests may be ahead of the clock.
    counts = [name for name in after if not name.endswith("_seconds")]
    gained = {name: after[name] - before[name] for name in counts if after[name] != before[name]}
    assert gained == {
        **{"messages_unfinished": 2, "batches_undelivered": 2, "batches_failing": 1, "uncounted_acknowledgements": 1}
    }
    assert after["oldest_uncounted_acknowledgement_seconds"] >= 3_600
    assert after["oldest_unfinished_seconds"] == after["oldest_queued_seconds"] > 0
    assert 0 < after["oldest_undelivered_batch_seconds"] <= after["oldest_unfinished_seconds"]
    assert after["partition_months_ahead"] == 3


def test_what_workers_counted_is_exported_by_every_process(make_engine: base.MakeEngine) -> None:
    compose_engine = make_engine(db.COMPOSE_ROLE)
    none = backlog(compose_engine)
    assert {name: value for name, value in none.items() if "_total" in name} == {
        "sweeps_total": 0, "tasks_refused_total": 0,
        "sweep_repairs_totalmessage": 0, "sweep_repairs_totalbatch": 0, "sweep_repairs_totalcompletion": 0,
    }  # fmt: skip
    assert "last_sweep_seconds" not in none, "absence is its own alert"
    with make_engine().begin() as connection:
        for name, value in (("sweeps", 5), ("tasks_refused", 1), ("batches_published_again", 3)):
            connection.exec_driver_sql(
                "INSERT INTO fanout_counters VALUES (%s, %s, clock_timestamp() - interval '7 s')", (name, value)
            )
    found = backlog(compose_engine)
    assert (found["sweeps_total"], found["sweep_repairs_totalbatch"]) == (5, 3)
    assert found["tasks_refused_total"] == 1
    assert found["last_sweep_seconds"] == pytest.approx(7, abs=3)


def test_batches_that_were_tried_again_and_messages_that_fail_are_exported(
    hub: Hub, world: World, compose_engine: Engine
) -> None:
    before = backlog(compose_engine)
    message_id = hub.sent(world["platform administrator"])["id"]
    with hub.owner.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET last_error = 'it failed' WHERE id = %s", (message_id,))
        connection.exec_driver_sql(
            "INSERT INTO fanout_batches VALUES (%s, 1, 0, 9, 9, now(), 2, NULL, NULL)", (message_id,)
        )
    after = backlog(compose_engine)
    gained = {name: after[name] - before[name] for name in ("messages_failing", "batches_retried", "batches_failing")}
    assert gained == {"messages_failing": 1, "batches_retried": 1, "batches_failing": 0}


def test_the_backlog_is_absent_while_the_database_is_away(database_url: str) -> None:
    away = settings.Database(**{**vars(base.database_settings(database_url)), "url": "postgresql://u:p@127.0.0.1:1/d"})
    engine = db.make_engine(away, role=db.COMPOSE_ROLE, name="tests")
    assert backlog(engine) == {}
    engine.dispose()


def test_what_workers_report_is_exported_without_postgresql(redis_url: str) -> None:
    registry = prometheus_client.CollectorRegistry()
    with redis_client.make(redis_url) as client:
        registry.register(metrics.Workers(client))
        reporter = worker_reports.Reporter(client)
        reporter.count_failure()
        reporter.observe_sent(3)
        histogram = "message_hub_accepted_to_sent_seconds"
        assert registry.get_sample_value("message_hub_workers") == 0
        assert registry.get_sample_value("message_hub_task_failures_total") == 1
        assert [registry.get_sample_value(f"{histogram}_bucket", {"le": le}) for le in ("2.5", "5.0", "+Inf")] == [
            0,
            1,
            1,
        ]
        assert registry.get_sample_value(f"{histogram}_count") == 1
        assert registry.get_sample_value(f"{histogram}_sum") == 3


def test_what_workers_report_is_absent_while_redis_is_away() -> None:
    registry = prometheus_client.CollectorRegistry()
    with redis_client.make_short("redis://127.0.0.1:1/0") as client:
        registry.register(metrics.Workers(client))
        assert list(registry.collect()) == []


@pytest.mark.usefixtures("hub")
def test_the_service_serves_its_backlog(hub: Hub) -> None:
    hub.call("GET", "/healthz", None)  # so that there is a request whose time is measured
    answer = hub.call("GET", "/metrics", None)
    assert answer.status_code == 200
    assert "message_hub_messages_unfinished " in answer.text
    assert "message_hub_request_seconds_bucket" in answer.text


def test_scheduled_drafts_are_counted(make_engine: base.MakeEngine) -> None:
    owner = make_engine()
    with owner.begin() as connection:
        platform = factories.platform(connection)
        user = factories.user(connection, platform)
        for state, minutes in (
            ("scheduled", -60),
            ("scheduled", 2),
            ("missed", 120),
            ("failed", 120),
            ("failed", 2_000),
        ):
            connection.exec_driver_sql(
                """
                INSERT INTO drafts (id, platform_id, author_id, sender_id, content, scope_ids, state, send_at, not_after, ended_at, reason)
                SELECT uuidv7(), %(platform)s, %(user)s, %(user)s, '{}', '{}', %(state)s, t.at, t.at, t.ended_at,
                       CASE WHEN t.ended_at IS NOT NULL THEN 'x' END
                FROM (SELECT now() - make_interval(mins => %(minutes)s) AS at,
                             CASE WHEN %(state)s <> 'scheduled' THEN now() - make_interval(mins => %(minutes)s) END AS ended_at) AS t
                """,
                {"platform": platform.id, "user": user.id, "state": state, "minutes": minutes},
            )
    registry = prometheus_client.CollectorRegistry()
    registry.register(metrics.Drafts(make_engine(db.COMPOSE_ROLE)))
    found = {
        name: registry.get_sample_value(f"message_hub_drafts_{name}")
        for name in ("scheduled", "overdue_seconds", "missed", "failed", "held")
    }
    assert found == {
        "scheduled": 2, "overdue_seconds": pytest.approx(120, abs=20), "missed": 1, "failed": 1, "held": 0
    }  # fmt: skip
