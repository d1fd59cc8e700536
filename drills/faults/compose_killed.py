"""The compose API is killed before, inside and after the commit of a message, and before its fan-out is published; clients ask again."""

import sqlalchemy

from drills import triggers, world
from drills.hub import COMPOSE_API, REDIS
from drills.processes import has_come
from drills.stage import Stage
from drills.traffic import Post

_LOCK_TIMEOUT_S = 2.0


def drill(stage: Stage) -> None:
    windows = (before_the_commit, inside_the_commit, inside_a_failing_commit, before_the_answer, before_publishing)
    for one in (*windows, at_random):
        one(stage)
    while not stage.is_over:
        stage.pause(0.3, 2.5)
        stage.rng.choice((at_random, at_random, *windows))(stage)


def at_random(stage: Stage) -> None:
    """The whole of it, only its main process, or only the one that serves."""
    process = stage.hub.processes[COMPOSE_API]
    how = stage.rng.choice(("whole", "main process", "serving process"))
    {"whole": process.kill, "main process": process.kill_main, "serving process": process.kill_child}[how]()
    if how == "serving process":
        process.handle.wait(timeout=20)
    stage.note("killed at random")
    stage.pause(0.0, 0.5)
    _back(stage)


def before_the_commit(stage: Stage) -> None:
    """The message's row is written, its transaction open: nothing may be left."""
    post = _draft(stage)
    with triggers.holding(stage.engine, at="accepting", title=post.title) as hold, stage.posting(post):
        hit = hold.wait_reached(seconds=5)
        stage.hub.kill(COMPOSE_API)
    stage.placed(hit and _is_unanswered(post), "killed before the commit")
    stage.expect(stage.stored(post) == 0, "all or nothing", f'"{post.title}" is there although it was never committed')
    _back(stage)
    stage.traffic.insist(post)


def inside_the_commit(stage: Stage) -> None:
    """PostgreSQL is committing and goes on without a client: the message is there, and asking again finds it."""
    post = _draft(stage)
    with triggers.holding(stage.engine, at="accepted", title=post.title) as hold:
        with stage.posting(post):
            hit = hold.wait_reached(seconds=5)
            stage.hub.kill(COMPOSE_API)
        hold.release()
        has_come(lambda: stage.stored(post) > 0, seconds=5, every=0.02)
    stage.placed(hit and _is_unanswered(post) and stage.stored(post) == 1, "killed inside the commit, which succeeds")
    _back(stage)
    stage.traffic.insist(post)


def inside_a_failing_commit(stage: Stage) -> None:
    """The commit fails, at the API's own lock timeout, with nobody there to hear of it."""
    post = _draft(stage)
    with triggers.holding(stage.engine, at="accepted", title=post.title, patient=False) as hold:
        with stage.posting(post):
            hit = hold.wait_reached(seconds=5)
            stage.hub.kill(COMPOSE_API)
        has_come(lambda: hold.count() == 0, seconds=2 * _LOCK_TIMEOUT_S, every=0.02)
    stage.placed(hit and _is_unanswered(post), "killed inside the commit, which fails")
    stage.expect(stage.stored(post) == 0, "all or nothing", f'"{post.title}" is there although its commit failed')
    _back(stage)
    stage.traffic.insist(post)


def before_the_answer(stage: Stage) -> None:
    """It is committed, and the answer was lost on its way: asking again must find the same message."""
    post = _draft(stage)
    proxy, url = stage.hub.proxy_of(COMPOSE_API)
    with proxy:
        proxy.drop_next_answer()
        with stage.posting(post, url=url):
            hit = proxy.wait_dropped(5)
            stage.hub.kill(COMPOSE_API)
    hit = hit and _is_unanswered(post) and stage.stored(post) == 1
    stage.placed(hit, "killed after the commit, before the answer")
    _back(stage)
    stage.traffic.insist(post)


def before_publishing(stage: Stage) -> None:
    """Answered with 202, its task held on the way to Redis: nobody but the sweep will ever say that it is there."""
    proxy, url = stage.hub.proxy_of(REDIS)
    with proxy:
        stage.hub.restart(COMPOSE_API, redis_url=url)
        proxy.hold()
        post = _draft(stage)
        stage.traffic.attempt(post)
        stage.hub.kill(COMPOSE_API)
    with stage.engine.connect() as connection:
        statement = sqlalchemy.text("SELECT status = 'queued' FROM messages WHERE title = :title")
        untouched = bool(connection.execute(statement, {"title": post.title}).scalar_one_or_none())
    stage.placed(post.is_accepted and untouched, "killed between commit and publish")
    stage.hub.restart(COMPOSE_API)


def _draft(stage: Stage) -> Post:
    return stage.draft(stage.rng.choice((world.LARGE, world.MIDDLE, world.SMALL)))


def _is_unanswered(post: Post) -> bool:
    return [one.status for one in post.attempts] == [None]


def _back(stage: Stage) -> None:
    stage.hub.again(COMPOSE_API)
    stage.hub.wait_ready(COMPOSE_API)
