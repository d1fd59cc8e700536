"""PostgreSQL's clock is ahead, was set back, or stood still: what is accepted and with which time.

The stored times are moved instead of the clock, which looks the same from the database.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from tests.compose_api.hub import Hub, World

WHO = "platform administrator"
SOON = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _as_before(hub: Hub) -> Iterator[None]:
    yield
    execute(hub, "UPDATE messages SET sent_at = created_at WHERE sent_at > clock_timestamp()")
    execute(hub, "UPDATE known_time SET known_good = clock_timestamp(), accept_until = '-infinity'")


def execute(hub: Hub, statement: str) -> None:
    with hub.owner.begin() as connection:
        connection.exec_driver_sql(statement)


def check_refused(answer: TestResponse) -> None:
    problem = answer.get_json()
    assert (answer.status_code, problem["code"], answer.headers["Retry-After"]) == (503, "unavailable", "60")
    assert "clock" in problem["detail"]


def move_newest(hub: Hub, message: dict[str, str], by: str) -> None:
    execute(hub, f"UPDATE messages SET sent_at = sent_at + interval '{by}' WHERE id = '{message['id']}'")


@pytest.mark.parametrize("by", ["6 minutes", "1 hour", "1 year"])
def test_a_platform_whose_newest_message_is_minutes_ahead_of_the_clock_accepts_none(
    hub: Hub, own_world: World, by: str
) -> None:
    move_newest(hub, hub.sent(own_world[WHO]), by)
    before = hub.count_messages(own_world.platform)
    check_refused(hub.send(own_world[WHO]))
    assert hub.count_messages(own_world.platform) == before
    hub.sent(own_world["administrator of x's platform"])


def test_once_the_clock_is_right_again_the_platform_accepts_by_itself(hub: Hub, own_world: World) -> None:
    newest = hub.sent(own_world[WHO])
    move_newest(hub, newest, "1 hour")
    check_refused(hub.send(own_world[WHO]))
    move_newest(hub, newest, "-1 hour")
    hub.sent(own_world[WHO])


def test_an_operator_may_let_a_platform_go_on_behind_messages_that_are_ahead(hub: Hub, own_world: World) -> None:
    newest = hub.sent(own_world[WHO])
    move_newest(hub, newest, "1 year")
    execute(hub, "UPDATE known_time SET accept_until = (SELECT max(sent_at) FROM messages)")
    ((ahead,),) = hub.rows("SELECT sent_at FROM messages WHERE id = :id", id=newest["id"])
    assert datetime.fromisoformat(hub.sent(own_world[WHO])["sent_at"]) == ahead + timedelta(microseconds=1)


@pytest.mark.parametrize("ago", ["3 days", "6 days"])
def test_a_hub_that_stood_still_over_a_weekend_accepts_at_once(hub: Hub, own_world: World, ago: str) -> None:
    execute(hub, f"UPDATE known_time SET known_good = clock_timestamp() - interval '{ago}'")
    sent_at = datetime.fromisoformat(hub.sent(own_world[WHO])["sent_at"])
    assert abs(datetime.now(UTC) - sent_at) < SOON


@pytest.mark.parametrize("by", ["- interval '1 year'", "- interval '8 days'", "+ interval '8 days'"])
def test_a_clock_far_from_the_known_good_time_stops_every_platform(hub: Hub, own_world: World, by: str) -> None:
    execute(hub, f"UPDATE known_time SET known_good = clock_timestamp() {by}")
    check_refused(hub.send(own_world[WHO]))
    check_refused(hub.send(own_world["administrator of x's platform"]))


def test_a_platform_that_sends_needs_no_sweep_to_go_on(hub: Hub, own_world: World) -> None:
    """A message of the last week is as good as a sweep: without workers, sending goes on."""
    hub.sent(own_world[WHO])
    execute(hub, "UPDATE known_time SET known_good = clock_timestamp() - interval '30 days'")
    hub.sent(own_world[WHO])


def test_a_recall_works_while_the_clock_is_a_year_ahead_and_has_the_known_good_time(hub: Hub, own_world: World) -> None:
    message = hub.sent(own_world[WHO])
    execute(hub, "UPDATE known_time SET known_good = clock_timestamp() - interval '1 year'")
    answer = hub.recall(own_world[WHO], message["id"])
    assert answer.status_code == 200
    year_ago = datetime.now(UTC) - timedelta(days=365)
    assert abs(datetime.fromisoformat(answer.get_json()["recalled_at"]) - year_ago) < timedelta(days=2)
