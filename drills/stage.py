"""Where drills are played: a hub, a world, traffic, chance, and time that ends. `play` is one drill from quiet to quiet, checked."""

import contextlib
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import httpx
import sqlalchemy
from sqlalchemy import Engine

from cli.embedded import files, postgres, redis
from drills import bells, invariants, proofs, report, world
from drills.findings import Findings
from drills.hub import BEAT, COMPOSE_API, INBOX_API, POSTGRES, REDIS, Hub, outer_environment, worker
from drills.traffic import Load, Post, Traffic
from shared import db, migrations, settings

WORKERS = 2
_FORGET = (
    "TRUNCATE messages, message_targets, message_visibility, inflight_targets, fanout_batches, inbox_entries, inbox_states, "
    "inbox_revisions"
)
_LET_PASS = """
    UPDATE fanout_batches SET published_at = published_at - interval '10 minutes' WHERE delivered_at IS NULL;
    UPDATE messages SET expand_published_at = COALESCE(expand_published_at, sent_at) - interval '10 minutes' WHERE status <> 'sent'
"""


@dataclass(frozen=True)
class Size:
    """How large it is played. `hasten`: what the sweep would wait for by the clock is taken as having passed."""

    largest: int
    batch_size: int
    sweep_seconds: int
    quiet_s: float
    load: Load
    hasten: bool = False


FULL = Size(largest=60_000, batch_size=5_000, sweep_seconds=5, quiet_s=420.0, load=Load())
SHORT = Size(largest=4_000, batch_size=400, sweep_seconds=1, quiet_s=60.0, load=Load(per_second=12.0), hasten=True)


@dataclass
class Stage:
    """What a drill works with. It makes its faults until `is_over`, notes each, and leaves the rest to `play`."""

    hub: Hub
    world: world.World
    traffic: Traffic
    rng: random.Random
    engine: Engine
    size: Size
    deadline: float
    findings: Findings = field(default_factory=Findings)
    faults: Counter[str] = field(default_factory=Counter)
    worst: dict[str, float] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    @property
    def left_s(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def note(self, what: str, count: int = 1) -> None:
        """A fault was made. When, stands in `drill.log` beside the logs of the processes."""
        self.faults[what] += count
        with (self.hub.folder / "drill.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S.%f} {count} × {what}\n")

    def time(self, what: str, seconds: float) -> None:
        """Something took so long; the report says the worst of each."""
        self.worst[what] = max(seconds, self.worst.get(what, 0.0))

    def expect(self, true: bool, check: str, what: str) -> None:
        """A promise of this drill's own."""
        if not true:
            self.findings.broken(check, what)

    def placed(self, hit: bool, what: str) -> bool:
        """Notes a fault that has a window; one that missed it proves nothing and counts as a violation."""
        if hit:
            self.note(what)
        else:
            self.findings.broken("the fault is in its window", f"missed: {what}")
        return hit

    def pause(self, least: float, most: float) -> None:
        """Waits for some time between the two, in seconds, but not past the end."""
        time.sleep(min(self.rng.uniform(least, most), self.left_s))

    @contextlib.contextmanager
    def posting(self, post: Post, *, url: str | None = None) -> Iterator[None]:
        """Posts it beside the block, which can do to the request what it wants; ends when both have."""
        thread = threading.Thread(target=self.traffic.attempt, args=(post,), kwargs={"url": url}, name="posting")
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def draft(self, platform: str, *, key: bool = True) -> Post:
        """A message to everyone of a platform that nobody has posted yet."""
        return self.traffic.draft(self.rng, platform=platform, audience=world.EVERYONE, key=key)

    def post(self, platform: str) -> Post:
        """A message to everyone of a platform, posted until it is accepted."""
        post = self.draft(platform)
        self.traffic.insist(post)
        return post

    def let_pass(self) -> None:
        let_pass(self.engine)

    def stored(self, post: Post) -> int:
        """How many messages with its title there are."""
        with self.engine.connect() as connection:
            statement = sqlalchemy.text("SELECT count(*) FROM messages WHERE title = :title")
            return int(connection.execute(statement, {"title": post.title}).scalar_one())

    def directory_engine(self) -> Engine:
        """To change directories with (see `world.Platform.put`). Dispose of it."""
        return _engine(self.hub, db.DIRECTORY_ROLE)


Drill = Callable[[Stage], None]


def let_pass(owner: Engine) -> None:
    """As if every task that is not done had been published long ago: due when the next sweep comes."""
    with owner.begin() as connection:
        connection.exec_driver_sql(_LET_PASS)


@dataclass
class House:
    """A hub with its people, ready to be drilled."""

    hub: Hub
    world: world.World
    engine: Engine
    size: Size


@contextlib.contextmanager
def opened(folder: Path, *, size: Size, seed: int) -> Iterator[House]:
    """A hub in `folder` with a directory, all of it running."""
    servers = [postgres.prepare(folder / "postgres"), redis.prepare(folder / "redis")]
    environment = {
        **outer_environment(),
        **{
            "HUB_DATABASE_URL": servers[0].url,
            "HUB_REDIS_URL": servers[1].url,
            "HUB_JWT_SECRET": files.kept_secret(folder / "jwt-secret"),
        },
        **{"HUB_LOG_FORMAT": "json", "HUB_COMPOSE_RATE_LIMIT": ""},
        **{"HUB_BATCH_SIZE": str(size.batch_size), "HUB_SWEEP_SECONDS": str(size.sweep_seconds)},
    }
    hub = Hub(folder, environment, servers)
    try:
        for name in (POSTGRES, REDIS):
            hub.start_server(name)
        engine = _engine(hub, None)
        migrations.upgrade(engine)
        directory = _engine(hub, db.DIRECTORY_ROLE)
        the_world = world.make(directory, random.Random(seed), folder / "files", largest=size.largest)
        directory.dispose()
        for name in (COMPOSE_API, INBOX_API, *(worker(number + 1) for number in range(WORKERS)), BEAT):
            hub.start(name)
        hub.wait_ready(COMPOSE_API, INBOX_API)
        yield House(hub, the_world, engine, size)
        engine.dispose()
    finally:
        hub.close()


def make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="message-hub-drills-"))


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def play(house: House, number: int, drill: ModuleType, *, seed: int, seconds: float) -> report.Result:
    """One drill: traffic and faults for so many seconds, then quiet, then everything is checked. Forgets all messages before."""
    began = time.monotonic()
    rng = random.Random(f"{seed}/{number}")
    traffic = Traffic(house.hub, house.world, rng, secret=house.hub.environment["HUB_JWT_SECRET"], load=house.size.load)
    stage = Stage(house.hub, house.world, traffic, rng, house.engine, house.size, deadline=began)
    client = httpx.Client(timeout=10, base_url=house.hub.apis.inbox_url)
    watched = bells.Bells(client, traffic.bearer, house.world, rng=rng, findings=stage.findings)
    proving = _engine(house.hub, db.WORKER_ROLE)
    operator = proofs.Operator(proving, traffic, rng=random.Random(f"{seed}/{number}/proofs"), findings=stage.findings)
    readers: list[bells.Reader] = []
    failures: list[str] = []
    recovery = 0.0
    with _noted(failures):
        house.hub.heal()
        with house.engine.begin() as connection:
            connection.exec_driver_sql(_FORGET)
        readers = watched.choose()
        stage.deadline = time.monotonic() + seconds
        traffic.start()
        operator.start()
        drill.drill(stage)
    healing = time.monotonic()
    # Whatever became of the drill itself, the promises hold.
    with _noted(failures):
        operator.finish()
    with _noted(failures):
        house.hub.heal()
    with _noted(failures):
        for post in traffic.finish():
            stage.findings.broken(
                "a key gets its message", f'"{post.title}" is never accepted, however often asked for'
            )
    with _noted(failures):
        recovery = _wait_quiet(stage, healing)
        watched.check(readers, invariants.check(house.engine, traffic.posts, stage.findings))
        operator.prove_some()
    client.close()
    proving.dispose()
    return report.Result(
        number=number,
        name=drill.__name__.rpartition(".")[2].replace("_", " "),
        question=(drill.__doc__ or "").partition("\n")[0],
        seconds=time.monotonic() - began,
        faults=stage.faults,
        posts=report.Posts.count(traffic.posts),
        findings=stage.findings,
        recovery=recovery,
        slowest_post=traffic.slowest(since=0.0),
        worst=stage.worst,
        failure="; ".join(failures),
    )


@contextlib.contextmanager
def _noted(failures: list[str]) -> Iterator[None]:
    """What goes wrong in the block is written down, and the next goes on."""
    try:
        yield
    except Exception as error:
        failures.append(f"{type(error).__name__}: {error}")


def _wait_quiet(stage: Stage, since: float) -> float:
    """How long after `since` nothing was left to do."""
    deadline = time.monotonic() + stage.size.quiet_s
    while True:
        step = 1.5 if stage.size.hasten else stage.size.quiet_s
        violation = invariants.wait_quiet(stage.engine, seconds=step)
        if violation is None:
            return time.monotonic() - since
        if time.monotonic() > deadline:
            stage.findings.violations.append(violation)
            return time.monotonic() - since
        stage.let_pass()


def _engine(hub: Hub, role: str | None) -> Engine:
    database = settings.Database(
        url=hub.environment["HUB_DATABASE_URL"],
        pool_size=4,
        pool_timeout_ms=10_000,
        connect_timeout_s=5,
        statement_timeout_ms=120_000,
        lock_timeout_ms=20_000,
        idle_in_transaction_timeout_ms=120_000,
    )
    return db.make_engine(database, role=role, name="drills")
