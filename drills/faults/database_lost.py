"""PostgreSQL is stopped at once, its postmaster killed, connections are reset: at random, inside batches and inside commits."""

import contextlib
import signal
from collections.abc import Iterator
from functools import partial

from drills import platforms, triggers
from drills.hub import COMPOSE_API, POSTGRES, worker
from drills.proxy import Proxy
from drills.scenario import Scenario

_TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> 'drills'
      AND (CAST(:name AS text) IS NULL OR application_name = :name)
"""


def drill(scenario: Scenario) -> None:
    with behind_a_proxy(scenario) as proxy:
        scenario.inject(
            inside_a_batch,
            inside_an_accepting_commit,
            partial(reset_inside_an_accepting_commit, proxy=proxy),
            partial(reset_inside_a_delivering_commit, proxy=proxy),
            partial(reset, proxy=proxy),
            terminated,
            stopped,
            most=4.0,
        )


def stopped(scenario: Scenario) -> None:
    """An immediate stop, or SIGKILL for the postmaster; recovery when it is back after a while."""
    if scenario.rng.random() < 0.5:
        scenario.hub.processes[POSTGRES].stop(signal.SIGQUIT)
        scenario.note("stopped at once")
    else:
        scenario.hub.kill(POSTGRES)
        scenario.note("postmaster killed")
    scenario.pause(0.0, 2.0)
    scenario.hub.restore()


def terminated(scenario: Scenario) -> None:
    """pg_terminate_backend for all connections of a service, or of all services."""
    name = scenario.rng.choice(("compose_api", "fanout_worker", "inbox_api", None))
    scenario.note("connections terminated", scenario.count(_TERMINATE, name=name))


def reset(scenario: Scenario, proxy: Proxy) -> None:
    """The connections of the compose API and of a worker are reset."""
    scenario.note("connections reset", proxy.reset())


def inside_a_batch(scenario: Scenario) -> None:
    """The postmaster is killed after a worker has written entries and not committed them."""
    with triggers.holding(scenario.engine, at="written") as hold:
        scenario.post(platforms.LARGE)
        hit = hold.wait_reached()
        scenario.hub.kill(POSTGRES)
        scenario.injected(hit, "postmaster killed inside a batch")
        scenario.hub.restore()


def inside_an_accepting_commit(scenario: Scenario) -> None:
    """The server is stopped at once inside a message's COMMIT. Nothing of it may be left."""
    post = scenario.draft(platforms.SMALL)
    with triggers.holding(scenario.engine, at="accepted", title=post.title) as hold:
        with scenario.posting(post):
            hit = hold.wait_reached(seconds=5)
            scenario.hub.processes[POSTGRES].stop(signal.SIGQUIT)
        scenario.hub.restore()
        left = scenario.stored(post)
    scenario.injected(hit and not post.is_accepted, "stopped at once inside a message's commit")
    scenario.check(left == 0, "all or nothing", f'"{post.title}" is stored although its commit never ended')
    scenario.load.post_until_settled(post)


def reset_inside_an_accepting_commit(scenario: Scenario, proxy: Proxy) -> None:
    """The connection is reset inside the COMMIT, which then succeeds: an error for the client, a message all the same."""
    for key in (True, False):
        post = scenario.draft(platforms.SMALL, key=key)
        with triggers.holding(scenario.engine, at="accepted", title=post.title) as hold:
            with scenario.posting(post):
                hit = hold.wait_reached(seconds=5)
                proxy.reset()
            hold.release()
        scenario.injected(hit and not post.is_accepted, "connection reset inside a message's commit")
        scenario.load.post_until_settled(post)


def reset_inside_a_delivering_commit(scenario: Scenario, proxy: Proxy) -> None:
    """The same for a worker: it takes the batch for failed, and must not write it again."""
    # Only the worker behind the proxy may reach the commit.
    with scenario.hub.paused(worker(2)), triggers.holding(scenario.engine, at="delivered") as hold:
        scenario.post(platforms.LARGE)
        hit = hold.wait_reached()
        proxy.reset()
        hold.release()
        scenario.injected(hit, "connection reset inside a batch's commit")


@contextlib.contextmanager
def behind_a_proxy(scenario: Scenario) -> Iterator[Proxy]:
    """The compose API and one of the workers reach PostgreSQL through a proxy until the block ends."""
    proxy, url = scenario.hub.proxy_of(POSTGRES)
    behind = (COMPOSE_API, worker(1))
    with proxy:
        for name in behind:
            scenario.hub.restart(name, database_url=url)
        try:
            yield proxy
        finally:
            for name in behind:
                scenario.hub.restart(name)
