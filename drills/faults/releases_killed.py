"""Scheduled drafts are released while compose_api or PostgreSQL is killed between every two steps, on hold, and with a wrong clock."""

import signal
import time
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import sqlalchemy

from cli.store import drafts as store
from drills import background, database, platforms, triggers
from drills.faults.compose_killed import draft, kill_at
from drills.hub import COMPOSE_API, POSTGRES, REDIS
from drills.posts import ACCEPTED, Attempt, Post
from drills.processes import has_come
from drills.scenario import Scenario
from services.compose_api import draft_content
from services.compose_api.actions import releases
from shared import db

_RELEASED_S = 20.0
_OPERATOR = "drill@drills"
_MAKE_DUE = sqlalchemy.text("UPDATE drafts SET send_at = now() WHERE id = ANY(:ids)")
_KNOWN_GOOD = "UPDATE known_time SET known_good = clock_timestamp() - interval '{} days'"


def drill(scenario: Scenario) -> None:
    scenario.inject(
        inside_the_statement,
        inside_the_commit,
        before_publishing,
        with_the_database,
        several_at_one_second,
        on_hold,
        wrong_clock,
    )


def inside_the_statement(scenario: Scenario) -> None:
    """The message's row is written and nothing committed: the draft stays scheduled, and is released later."""
    _kill_at(scenario, "accepting", "killed before the commit of a release")


def inside_the_commit(scenario: Scenario) -> None:
    """PostgreSQL commits although its client is dead: draft and message."""
    _kill_at(scenario, "accepted", "killed inside the commit of a release")


def _kill_at(scenario: Scenario, at: str, what: str) -> None:
    post = draft(scenario, key=False)
    scheduled: list[tuple[float, list[uuid.UUID]]] = []
    scenario.injected(kill_at(scenario, at, post, lambda: scheduled.append(_schedule(scenario, post))), what)
    scenario.hub.restore()
    ((began, (draft_id,)),) = scheduled
    _wait_released(scenario, post, began, draft_id)


def before_publishing(scenario: Scenario) -> None:
    """The draft is released, its task held on the way to Redis: only the sweep will publish it."""
    proxy, url = scenario.hub.proxy_of(REDIS)
    with proxy:
        scenario.hub.restart(COMPOSE_API, redis_url=url)
        proxy.hold()
        post = draft(scenario, key=False)
        began, (draft_id,) = _schedule(scenario, post)
        _wait_released(scenario, post, began, draft_id)
        scenario.hub.kill(COMPOSE_API)
    scenario.note("killed between the commit of a release and its publication")
    scenario.hub.restart(COMPOSE_API)


def with_the_database(scenario: Scenario) -> None:
    """PostgreSQL stops at once inside the commit of a release, which never ends: nothing of it may be left."""
    post = draft(scenario, key=False)
    with triggers.holding(scenario.engine, at="accepted", title=post.title) as hold:
        began, (draft_id,) = _schedule(scenario, post)
        hit = hold.wait_reached(seconds=5)
        # Going on, it would release the draft again before this has looked.
        with scenario.hub.paused(COMPOSE_API):
            scenario.hub.processes[POSTGRES].stop(signal.SIGQUIT)
            scenario.hub.start_again(POSTGRES)
            left = scenario.stored(post)
        scenario.hub.restore()
    scenario.injected(hit, "PostgreSQL stopped inside the commit of a release")
    scenario.check(left == 0, "all or nothing", f'"{post.title}" is stored although its commit never ended')
    _wait_released(scenario, post, began, draft_id)


def several_at_one_second(scenario: Scenario) -> None:
    """Released by this process beside compose_api, which is killed meanwhile: each once, in their order."""
    posts = [scenario.draft(platforms.SMALL, key=False) for _ in range(12)]
    began, ids = _schedule(scenario, *posts)
    engine = scenario.hub.engine_as(db.COMPOSE_ROLE)

    def release(_ending: object) -> None:
        deadline = time.monotonic() + _RELEASED_S
        while _count(scenario, ids, "released") < len(ids) and time.monotonic() < deadline:
            if releases.release_next(engine, read=draft_content.read_content) is None:
                time.sleep(0.01)

    with background.running(release, release):
        has_come(lambda: _count(scenario, ids, "released") > 0, seconds=_RELEASED_S, every=0.005)
        scenario.hub.kill(COMPOSE_API)
    engine.dispose()
    scenario.hub.restore()
    for post, draft_id in zip(posts, ids, strict=True):
        _wait_released(scenario, post, began, draft_id)
    with scenario.engine.connect() as connection:
        order = connection.exec_driver_sql("SELECT id FROM messages WHERE id = ANY(%s) ORDER BY sent_at", (ids,))
        scenario.check(list(order.scalars()) == ids, "released in their order", "drafts of one second are out of order")
    scenario.note("released by three at once, one of them killed")


def on_hold(scenario: Scenario) -> None:
    """As after a restore: nothing is released until an operator ends the hold."""
    _set_hold(scenario, is_on=True)
    post = draft(scenario, key=False)
    began, (draft_id,) = _schedule(scenario, post)
    time.sleep(1.5)
    scenario.check(scenario.stored(post) == 0, "nothing is released on hold", f'"{post.title}" was released')
    _set_hold(scenario, is_on=False)
    _wait_released(scenario, post, began, draft_id)
    scenario.note("held")


def wrong_clock(scenario: Scenario) -> None:
    """The clock has jumped ahead by more than a week: nothing is released early, and nothing fails."""
    post = draft(scenario, key=False)
    database.change(scenario.engine, _KNOWN_GOOD.format(9))
    began, (draft_id,) = _schedule(scenario, post)
    time.sleep(2.0)
    left = _count(scenario, [draft_id], "scheduled")
    database.change(scenario.engine, _KNOWN_GOOD.format(0))
    scenario.check(left == 1, "a wrong clock releases nothing", f'"{post.title}" is not scheduled any more')
    _wait_released(scenario, post, began, draft_id)
    scenario.note("clock more than a week ahead")


def _schedule(scenario: Scenario, *posts: Post) -> tuple[float, list[uuid.UUID]]:
    """Schedules them, in this order for the same moment, which has come. When that began, by the monotonic clock; the drafts' ids."""
    began, ids = time.monotonic(), []
    in_an_hour = {"send_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    for post in posts:
        headers = scenario.load.headers(post)
        with httpx.Client(base_url=scenario.hub.apis.compose_url, timeout=10, headers=headers) as client:
            draft_id = client.post("/v1/drafts", json=post.content).raise_for_status().json()["id"]
            client.post(f"/v1/drafts/{draft_id}/schedule", json=in_an_hour).raise_for_status()
        ids.append(uuid.UUID(draft_id))
    with scenario.engine.begin() as connection:
        connection.execute(_MAKE_DUE, {"ids": ids})
    return began, ids


def _wait_released(scenario: Scenario, post: Post, began: float, draft_id: uuid.UUID) -> None:
    """Remembers the release as the post's acceptance, from when it was scheduled until it was seen."""
    is_released = has_come(lambda: _count(scenario, [draft_id], "released") == 1, seconds=_RELEASED_S, every=0.02)
    scenario.check(is_released, "nothing scheduled is lost", f'"{post.title}" is not released')
    status, message_id = (ACCEPTED, draft_id) if is_released else (None, None)
    post.attempts.append(Attempt(began, time.monotonic() - began, status, message_id))


def _count(scenario: Scenario, ids: list[uuid.UUID], state: str) -> int:
    return scenario.count("SELECT count(*) FROM drafts WHERE id = ANY(:ids) AND state = :state", ids=ids, state=state)


def _set_hold(scenario: Scenario, *, is_on: bool) -> None:
    with scenario.engine.begin() as connection:
        store.set_hold(connection, is_on=is_on, operator=_OPERATOR)
