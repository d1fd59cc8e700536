import dataclasses
import uuid
from typing import Any

import celery
import pytest
import sqlalchemy
import structlog

from services.fanout_worker import tasks
from services.fanout_worker.actions import deliver, expand, failure
from services.fanout_worker.actions import sweep as sweeping
from shared import contracts, db, redis_client, worker_reports
from tests import conftest as base
from tests import read_only
from tests.fanout_worker.conftest import Hub, call


@pytest.mark.parametrize("contract", contracts.ALL, ids=lambda contract: contract.task)
def test_every_contract_has_its_task_with_all_its_limits(
    app: celery.Celery, contract: type[contracts.Contract]
) -> None:
    task = app.tasks[contract.task]
    assert app.amqp.router.route({}, contract.task)["queue"].name == contract.queue
    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.ignore_result
    assert 0 < task.soft_time_limit < task.time_limit


def test_no_other_task_of_ours_exists(app: celery.Celery) -> None:
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {contract.task for contract in contracts.ALL}


def test_only_json_is_spoken(app: celery.Celery) -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.result_backend is None


def test_a_task_of_a_newer_release_with_more_fields_is_served(app: celery.Celery, hub: Hub) -> None:
    message_id = hub.accept()
    task = contracts.ExpandMessage(message_id=str(message_id), request_id="request")
    call(app, task, priority="a field of tomorrow")
    assert hub.message(message_id).status == "sent"


@pytest.mark.parametrize("lost", ["expand", "deliver"])
def test_an_unknown_contract_version_is_refused_where_an_operator_sees_it(
    app: celery.Celery, hub: Hub, lost: str
) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    task: contracts.Contract = contracts.ExpandMessage(message_id=str(message_id), request_id="request")
    table, where = "messages", "id = :id"
    if lost == "deliver":
        hub.expand(message_id)
        task = contracts.DeliverBatch(message_id=str(message_id), seq=1, request_id="request")
        table, where = "fanout_batches", "message_id = :id AND seq = 1"
    with pytest.raises(contracts.UnknownVersionError):
        call(app, task, version=2)
    error = hub.one(f"SELECT last_error FROM {table} WHERE {where}", message_id)[0]
    assert error == "UnknownVersionError: contract version 2, this worker knows 1"
    assert hub.recipients(message_id) == []
    assert hub.last_refused() == f"{task.task}, {error}"
    assert hub.counters() == {"tasks_refused": 1}


@pytest.mark.parametrize("version", [0, 2, None, "1", True, 1.0])
def test_a_task_of_another_version_is_refused_whatever_else_it_holds(
    app: celery.Celery, hub: Hub, version: object
) -> None:
    message_id = hub.accept()
    fields = {"version": version, "message_id": str(message_id), "batches": [1, 2], "seq": None}
    for contract in (contracts.ExpandMessage, contracts.DeliverBatch):
        with pytest.raises(contracts.UnknownVersionError):
            app.tasks[contract.task].run(**fields)
        with pytest.raises(contracts.UnknownVersionError):
            app.tasks[contract.task].run(version=version, first="a field of tomorrow")
    assert "contract version" in str(hub.message(message_id).last_error)
    assert hub.last_refused().startswith(f"{contracts.DeliverBatch.task}, UnknownVersionError")
    assert hub.counters()["tasks_refused"] == 4


@pytest.mark.parametrize(
    ("contract", "field"), [(contracts.ExpandMessage, "message_id"), (contracts.DeliverBatch, "seq")]
)
def test_a_task_without_its_fields_is_refused_where_an_operator_sees_it(
    app: celery.Celery, hub: Hub, contract: type[contracts.Contract], field: str
) -> None:
    message_id = hub.accept()
    fields = {"version": 1, "message_id": str(message_id), "request_id": "request", "seq": 1}
    del fields[field]
    with pytest.raises(contracts.UnreadableError, match=field):
        app.tasks[contract.task].run(**fields)
    assert hub.last_refused() == f"{contract.task}, UnreadableError: no {field} among the arguments"
    assert hub.counters()["tasks_refused"] == 1


def test_of_several_messages_in_a_task_those_that_fail_leave_the_others(app: celery.Celery, hub: Hub) -> None:
    newer, first, second = hub.accept(), hub.accept(), hub.accept()
    each = [
        contracts.arguments(contracts.ExpandMessage(message_id=str(message_id), request_id="request"))
        for message_id in (newer, uuid.uuid4(), first, second)
    ]
    each[0]["version"] = 2
    del each[1]["request_id"]
    with pytest.raises(contracts.UnknownVersionError):
        app.tasks[contracts.ExpandMessage.task].run(each=each)
    assert [hub.message(one).status for one in (newer, first, second)] == ["queued", "sent", "sent"]
    assert "UnknownVersionError" in hub.message(newer).last_error
    assert [hub.message(one).last_error for one in (first, second)] == [None, None]
    assert hub.counters() == {"tasks_refused": 2}
    app.tasks[contracts.ExpandMessage.task].run(each=each[2:])
    assert len(hub.recipients(first)) == 1, "a task may run twice"


def test_a_task_that_has_no_name_here_is_counted_as_refused(hub: Hub) -> None:
    failure.record_refusal(hub.context.engine, what="message_hub.tomorrow", reason="this worker does not know the task")
    assert hub.last_refused() == "message_hub.tomorrow, this worker does not know the task"
    assert hub.counters() == {"tasks_refused": 1}


def test_a_sweep_of_any_version_is_swept_as_this_release_sweeps(app: celery.Celery, hub: Hub) -> None:
    app.tasks[contracts.Sweep.task].run(version=2, only="a field of tomorrow")
    assert hub.counters()["sweeps"] == 1


def test_a_failing_batch_keeps_its_reason_until_it_is_delivered(
    app: celery.Celery, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.join(count=24)
    message_id = hub.accept()
    hub.expand(message_id)
    task = contracts.DeliverBatch(message_id=str(message_id), seq=1, request_id="request")
    statement = "SELECT last_error FROM fanout_batches WHERE message_id = :id AND seq = 1"
    hub.execute("ALTER TABLE inbox_entries ADD CONSTRAINT full_disk CHECK (user_id < 0)")
    with pytest.raises(Exception, match="full_disk"):
        call(app, task)
    assert "full_disk" in str(hub.one(statement, message_id)[0])
    assert hub.counters() == {}, "tried, not refused"
    assert "\n" not in str(hub.one(statement, message_id)[0])
    hub.execute("ALTER TABLE inbox_entries DROP CONSTRAINT full_disk")
    call(app, task)
    assert hub.one(statement, message_id)[0] is None
    assert len(hub.recipients(message_id)) == 7


def test_failures_are_counted_while_postgresql_is_away(
    app: celery.Celery, hub: Hub, redis_url: str, database_url: str
) -> None:
    message_id = hub.accept()
    away = sqlalchemy.make_url(database_url).set(port=1).render_as_string(hide_password=False)
    engine = db.make_engine(base.database_settings(away), role=db.WORKER_ROLE, name="tests")
    with redis_client.make(redis_url) as client:
        hub.context = dataclasses.replace(hub.context, engine=engine, reporter=worker_reports.Reporter(client))
        with pytest.raises(sqlalchemy.exc.OperationalError):
            call(app, contracts.ExpandMessage(message_id=str(message_id), request_id="request"))
        call(app, contracts.Sweep())
        assert worker_reports.read(client).task_failures == 2, "of sweeps too"


def test_each_body_calls_its_one_action(app: celery.Celery, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, dict[str, Any]]] = []
    for module, name in ((expand, "expand_message"), (deliver, "deliver_batch"), (sweeping, "sweep_if_due")):
        monkeypatch.setattr(module, name, lambda _context, name=name, **arguments: called.append((name, arguments)))
    some_id = uuid.uuid4()
    call(app, contracts.ExpandMessage(message_id=str(some_id), request_id="request"))
    call(app, contracts.DeliverBatch(message_id=str(some_id), seq=7, request_id="request"))
    call(app, contracts.Sweep())
    assert called == [
        ("expand_message", {"message_id": some_id}),
        ("deliver_batch", {"message_id": some_id, "seq": 7}),
        ("sweep_if_due", {}),
    ]


def test_tasks_wait_for_a_server_that_takes_no_writes_and_a_sweep_says_so_in_one_line(
    app: celery.Celery, hub: Hub, database_url: str
) -> None:
    message_id = hub.accept()
    task = contracts.ExpandMessage(message_id=str(message_id), request_id="request")
    with read_only.server(database_url), structlog.testing.capture_logs() as logged:
        with pytest.raises(tasks.TRANSIENT):
            call(app, task)
        call(app, contracts.Sweep())
    assert [line["event"] for line in logged][-1] == "the sweep waits for the database"
    call(app, task)
    assert hub.message(message_id).status == "sent"
