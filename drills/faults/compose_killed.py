"""The compose API is killed before, inside and after the commit of a message, and before its task is published; clients retry."""

import contextlib
from collections.abc import Callable

from drills import triggers
from drills.hub import COMPOSE_API, REDIS
from drills.posts import Post
from drills.processes import has_come
from drills.scenario import Scenario

_LOCK_TIMEOUT_S = 2.0


def drill(scenario: Scenario) -> None:
    scenario.inject(
        inside_the_statement,
        inside_the_commit,
        inside_a_failing_commit,
        before_the_answer,
        before_publishing,
        at_random,
    )


def at_random(scenario: Scenario) -> None:
    """All of it, only its main process, or only the one that serves."""
    process = scenario.hub.processes[COMPOSE_API]
    scenario.rng.choice((process.kill, process.kill_main, process.kill_children))()
    process.handle.wait(timeout=20)
    scenario.note("killed at random")
    scenario.pause(0.0, 0.5)
    scenario.hub.restore()


def inside_the_statement(scenario: Scenario) -> None:
    """Only the message's row is written yet. PostgreSQL ends the statement although its client is dead: all of it is stored."""
    _kill_at(scenario, "accepting", "killed inside the statement, which succeeds")


def inside_the_commit(scenario: Scenario) -> None:
    """PostgreSQL commits although its client is dead: the message is stored, and a retry finds it."""
    _kill_at(scenario, "accepted", "killed inside the commit, which succeeds")


def kill_at(scenario: Scenario, at: str, post: Post, begin: Callable[[], object]) -> bool:
    """Kills the compose API once the transaction that `begin` brings about is at this point; whether it came there. It is over then."""
    with triggers.holding(scenario.engine, at=at, title=post.title) as hold:
        begin()
        hit = hold.wait_reached(seconds=5)
        scenario.hub.kill(COMPOSE_API)
    return hit


def _kill_at(scenario: Scenario, at: str, what: str) -> None:
    post = draft(scenario)
    with contextlib.ExitStack() as posting:
        hit = kill_at(scenario, at, post, lambda: posting.enter_context(scenario.posting(post)))
    scenario.injected(hit and _is_unanswered(post), what)
    _retry(scenario, post, stored=1)


def inside_a_failing_commit(scenario: Scenario) -> None:
    """The commit fails at the API's own lock timeout, while the API is dead."""
    post = draft(scenario)
    with triggers.holding(scenario.engine, at="accepted", title=post.title, patient=False) as hold:
        with scenario.posting(post):
            hit = hold.wait_reached(seconds=5)
            scenario.hub.kill(COMPOSE_API)
        has_come(lambda: hold.count() == 0, seconds=2 * _LOCK_TIMEOUT_S, every=0.02)
    scenario.injected(hit and _is_unanswered(post), "killed inside the commit, which fails")
    _retry(scenario, post, stored=0)


def before_the_answer(scenario: Scenario) -> None:
    """It is committed, and the answer was lost on its way: a retry must find the same message."""
    post = draft(scenario)
    proxy, url = scenario.hub.proxy_of(COMPOSE_API)
    with proxy:
        proxy.drop_next_answer()
        with scenario.posting(post, url=url):
            hit = proxy.wait_dropped(5)
            scenario.hub.kill(COMPOSE_API)
    scenario.injected(hit and _is_unanswered(post), "killed after the commit, before the answer")
    _retry(scenario, post, stored=1)


def before_publishing(scenario: Scenario) -> None:
    """Answered with 202, its task held on the way to Redis: only the sweep will publish it."""
    proxy, url = scenario.hub.proxy_of(REDIS)
    with proxy:
        scenario.hub.restart(COMPOSE_API, redis_url=url)
        proxy.hold()
        post = draft(scenario)
        scenario.load.attempt(post)
        scenario.hub.kill(COMPOSE_API)
    queued = scenario.count(
        "SELECT count(*) FROM messages WHERE title = :title AND status = 'queued'", title=post.title
    )
    scenario.injected(post.is_accepted and queued == 1, "killed between commit and publish")
    scenario.hub.restart(COMPOSE_API)


def draft(scenario: Scenario, *, key: bool = True) -> Post:
    """A message to everyone of a platform or a follow-up of one, to be posted. A follow-up locks out readers while it is accepted."""
    platform = scenario.rng.choice(list(scenario.platforms))
    if scenario.rng.random() < 0.5:
        return scenario.load.follow_up(scenario.rng, scenario.post(platform), key=key)
    return scenario.draft(platform, key=key)


def _is_unanswered(post: Post) -> bool:
    return [one.status for one in post.attempts] == [None]


def _retry(scenario: Scenario, post: Post, *, stored: int) -> None:
    """Checks how many messages the first attempt left; then the API runs again and the client retries."""
    left = scenario.stored(post)
    scenario.check(left == stored, "all or nothing", f'{left} messages "{post.title}" are stored, not {stored}')
    scenario.hub.restore()
    scenario.load.post_until_settled(post)
