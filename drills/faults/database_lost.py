"""PostgreSQL is stopped at once, its postmaster killed, connections are cut: at random, inside batches and inside commits."""

import contextlib
import signal
from collections.abc import Iterator

import sqlalchemy

from drills import triggers, world
from drills.hub import COMPOSE_API, POSTGRES, worker
from drills.proxy import Proxy
from drills.stage import Stage

_TERMINATE = sqlalchemy.text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> 'drills'
      AND (CAST(:name AS text) IS NULL OR application_name = :name)
""")


def drill(stage: Stage) -> None:
    inside_a_batch(stage)
    inside_an_accepting_commit(stage)
    with behind_a_proxy(stage) as proxy:
        cut_inside_an_accepting_commit(stage, proxy)
        cut_inside_a_delivering_commit(stage, proxy)
        for how in (cut, terminated, stopped):
            how(stage, proxy)
        while not stage.is_over:
            stage.pause(0.5, 4.0)
            one = stage.rng.choice((cut, terminated, terminated, stopped, stopped, in_a_window))
            one(stage, proxy)


def stopped(stage: Stage, _proxy: Proxy) -> None:
    """An immediate stop, or SIGKILL for the postmaster; away for a while; recovery when it is back."""
    how = stage.rng.choice(("stopped at once", "postmaster killed"))
    if how == "stopped at once":
        stage.hub.processes[POSTGRES].stop(signal.SIGQUIT)
    else:
        stage.hub.kill(POSTGRES)
    stage.note(how)
    stage.pause(0.0, 2.0)
    stage.hub.heal()


def terminated(stage: Stage, _proxy: Proxy) -> None:
    """pg_terminate_backend: all of a service's connections, or everybody's."""
    name = stage.rng.choice(("compose_api", "fanout_worker", "inbox_api", None))
    with stage.engine.connect() as connection:
        count = connection.execute(_TERMINATE, {"name": name}).scalar_one()
    stage.note("connections terminated", count)


def cut(stage: Stage, proxy: Proxy) -> None:
    """Connections of the compose API and of a worker are reset without a word."""
    stage.note("connections reset", proxy.cut())


def in_a_window(stage: Stage, proxy: Proxy) -> None:
    which = stage.rng.randrange(4)
    if which == 0:
        inside_a_batch(stage)
    elif which == 1:
        inside_an_accepting_commit(stage)
    elif which == 2:
        cut_inside_an_accepting_commit(stage, proxy)
    else:
        cut_inside_a_delivering_commit(stage, proxy)


def inside_a_batch(stage: Stage) -> None:
    """A worker has written entries and not committed them: there the postmaster is killed."""
    with triggers.holding(stage.engine, at="written") as hold:
        stage.post(world.LARGE)
        hit = hold.wait_reached(seconds=20)
        stage.hub.kill(POSTGRES)
        stage.placed(hit, "postmaster killed inside a batch")
        stage.hub.heal()


def inside_an_accepting_commit(stage: Stage) -> None:
    """A message is being committed, not yet durable: there the server is stopped at once. Nothing of it may be left."""
    post = stage.draft(world.SMALL)
    with triggers.holding(stage.engine, at="accepted", title=post.title) as hold:
        with stage.posting(post):
            hit = hold.wait_reached(seconds=5)
            stage.hub.processes[POSTGRES].stop(signal.SIGQUIT)
        stage.hub.heal()
        left = stage.stored(post)
    stage.placed(hit and not post.is_accepted, "stopped at once inside a message's commit")
    stage.expect(left == 0, "all or nothing", f'"{post.title}" is there although its commit never ended')
    stage.traffic.insist(post)


def cut_inside_an_accepting_commit(stage: Stage, proxy: Proxy) -> None:
    """The connection is reset inside the COMMIT, which then succeeds: an error for the client, a message all the same."""
    for key in (True, False):
        post = stage.draft(world.SMALL, key=key)
        with triggers.holding(stage.engine, at="accepted", title=post.title) as hold:
            with stage.posting(post):
                hit = hold.wait_reached(seconds=5)
                proxy.cut()
            hold.release()
        stage.placed(hit and not post.is_accepted, "connection reset inside a message's commit")
        if key:
            stage.traffic.insist(post)


def cut_inside_a_delivering_commit(stage: Stage, proxy: Proxy) -> None:
    """The same for a worker: it takes the batch for failed, and must not write it again."""
    # Only the worker behind the proxy may come to it.
    with stage.hub.paused(worker(2)), triggers.holding(stage.engine, at="delivered") as hold:
        stage.post(world.LARGE)
        hit = hold.wait_reached(seconds=20)
        proxy.cut()
        hold.release()
        stage.placed(hit, "connection reset inside a batch's commit")


@contextlib.contextmanager
def behind_a_proxy(stage: Stage) -> Iterator[Proxy]:
    """The compose API and one of the workers reach PostgreSQL through a proxy until the block ends."""
    proxy, url = stage.hub.proxy_of(POSTGRES)
    behind = (COMPOSE_API, worker(1))
    with proxy:
        for name in behind:
            stage.hub.restart(name, database_url=url)
        try:
            yield proxy
        finally:
            for name in behind:
                stage.hub.restart(name)
