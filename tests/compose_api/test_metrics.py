import prometheus_client
import pytest
from prometheus_client import parser
from sqlalchemy import Engine

from services.compose_api import metrics
from shared import db, settings
from tests import conftest as base
from tests.compose_api.hub import Hub, World


def backlog(engine: Engine) -> dict[str, float]:
    registry = prometheus_client.CollectorRegistry()
    registry.register(metrics.Backlog(engine))
    text = prometheus_client.generate_latest(registry).decode()
    return {
        sample.name.removeprefix("message_hub_"): sample.value
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
    after = backlog(compose_engine)
    gained = {name: after[name] - before[name] for name in after if name != "oldest_unfinished_seconds"}
    assert gained == {"messages_unfinished": 2, "batches_undelivered": 2, "batches_failing": 1}
    assert after["oldest_unfinished_seconds"] > 0


def test_the_backlog_is_absent_while_the_database_is_away(database_url: str) -> None:
    away = settings.Database(**{**vars(base.database_settings(database_url)), "url": "postgresql://u:p@127.0.0.1:1/d"})
    engine = db.make_engine(away, role=db.COMPOSE_ROLE, name="tests")
    assert backlog(engine) == {}
    engine.dispose()


@pytest.mark.usefixtures("hub")
def test_the_service_serves_its_backlog(hub: Hub) -> None:
    answer = hub.call("GET", "/metrics", None)
    assert answer.status_code == 200
    assert "message_hub_messages_unfinished " in answer.text
    assert "message_hub_request_seconds_bucket" in answer.text
