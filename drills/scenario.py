"""Runs one drill: load and faults for some time, then everything is restored, and every invariant is checked."""

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

from drills import background, database, feeds, invariants, proofs, report
from drills.findings import Findings
from drills.hub import Hub
from drills.load import LoadGenerator, Rate
from drills.platforms import EVERYONE, Platform, make
from drills.posts import Post
from shared import db

WORKERS = 2
_MAKE_DUE = (
    "UPDATE fanout_batches SET published_at = published_at - interval '10 minutes' WHERE delivered_at IS NULL",
    "UPDATE messages SET expand_published_at = COALESCE(expand_published_at, created_at) - interval '10 minutes'"
    " WHERE status <> 'sent'",
)


@dataclass(frozen=True)
class Size:
    """`make_due`: lost tasks are made due at once, where the sweep would wait."""

    largest: int
    batch_size: int
    sweep_seconds: int
    quiet_s: float
    rate: Rate
    make_due: bool = False


FULL = Size(largest=60_000, batch_size=5_000, sweep_seconds=5, quiet_s=420.0, rate=Rate())
SHORT = Size(largest=4_000, batch_size=400, sweep_seconds=1, quiet_s=60.0, rate=Rate(per_second=12.0), make_due=True)


class Testbed:
    """A hub with platforms, ready for drills; after a drill that failed, a new one in another folder. Close it."""

    hub: Hub
    platforms: dict[str, Platform]

    def __init__(self, folder: Path, *, size: Size, seed: int) -> None:
        self.size = size
        self.needs_reset = True
        self._folder = folder
        self._seed = seed
        self._stack = contextlib.ExitStack()

    def close(self) -> None:
        self._stack.close()

    def prepare(self) -> None:
        """Everything runs and there are no messages."""
        if self.needs_reset:
            self._stack.close()
            folder = Path(tempfile.mkdtemp(prefix="hub-", dir=self._folder))
            settings = {"batch_size": self.size.batch_size, "sweep_seconds": self.size.sweep_seconds}
            self.hub = self._stack.enter_context(
                Hub.running(folder, workers=WORKERS, compose_rate_limit="", inbox_rate_limit="", **settings)
            )
            directory = self.hub.engine_as(db.DIRECTORY_ROLE)
            self.platforms = make(directory, random.Random(self._seed), folder / "files", largest=self.size.largest)
            directory.dispose()
            self.needs_reset = False
        self.hub.restore()
        self.hub.forget_messages()


@dataclass
class Scenario:
    """What a drill works with. It injects faults until `is_over` and notes each. While it holds `proving`, no proof runs."""

    hub: Hub
    platforms: dict[str, Platform]
    load: LoadGenerator
    rng: random.Random
    size: Size
    deadline: float
    findings: Findings = field(default_factory=Findings)
    faults: Counter[str] = field(default_factory=Counter)
    worst: dict[str, float] = field(default_factory=dict)
    proving: threading.Lock = field(default_factory=threading.Lock)

    @property
    def engine(self) -> Engine:
        """Acts as the owner of the schema."""
        return self.hub.engine

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def note(self, fault: str, count: int = 1) -> None:
        """Counts a fault that was made; its time is written to `drill.log` beside the logs of the processes."""
        self.faults[fault] += count
        with (self.hub.folder / "drill.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S.%f} {count} × {fault}\n")

    def time(self, what: str, seconds: float) -> None:
        """Remembers the worst time of each, for the report."""
        self.worst[what] = max(seconds, self.worst.get(what, 0.0))

    def check(self, holds: bool, invariant: str, what: str) -> None:
        self.findings.check(holds, invariant, what)

    def injected(self, hit: bool, fault: str) -> None:
        """Notes a fault that has a window; one that missed it proves nothing and counts as a violation."""
        if hit:
            self.note(fault)
        else:
            self.findings.violated("the fault is in its window", f"missed: {fault}")

    def pause(self, least: float, most: float) -> None:
        """Waits for some time between the two, in seconds, but not past the end."""
        time.sleep(max(0.0, min(self.rng.uniform(least, most), self.deadline - time.monotonic())))

    def inject(self, *faults: "Callable[[Scenario], None]", least: float = 0.3, most: float = 2.5) -> None:
        """Every fault once, then one of them at random until the time is over, with pauses of `least` to `most` seconds."""
        for fault in dict.fromkeys(faults):
            fault(self)
        while not self.is_over:
            self.pause(least, most)
            self.rng.choice(faults)(self)

    @contextlib.contextmanager
    def posting(self, post: Post, *, url: str | None = None) -> Iterator[None]:
        """Posts it while the block runs; ends when both have."""
        with background.running(lambda _: self.load.attempt(post, url=url)):
            yield

    def draft(self, platform: str, *, key: bool = True) -> Post:
        """A message to everyone of a platform, to be posted."""
        return self.load.draft(self.rng, platform=platform, audience=EVERYONE, key=key)

    def post(self, platform: str) -> Post:
        """A message to everyone of a platform, posted until it is accepted."""
        post = self.draft(platform)
        self.load.post_until_settled(post)
        return post

    def count(self, statement: str, **values: object) -> int:
        """The one number that a SELECT finds."""
        with self.engine.connect() as connection:
            return int(connection.execute(sqlalchemy.text(statement), values).scalar_one() or 0)

    def stored(self, post: Post) -> int:
        """How many messages with its title there are."""
        return self.count("SELECT count(*) FROM messages WHERE title = :title", title=post.title)


def make_due(owner: Engine) -> None:
    """Makes every unfinished task due for the next sweep."""
    database.change(owner, *_MAKE_DUE)


def make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="message-hub-drills-"))


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def run(testbed: Testbed, number: int, drill: ModuleType, *, seed: int, seconds: float) -> report.Result:
    """One drill on an empty hub. It lasts for at least as long as each of its faults takes once."""
    began = time.monotonic()
    failures: list[str] = []
    testbed.prepare()
    hub, rng = testbed.hub, random.Random(f"{seed}/{number}")
    load = LoadGenerator(hub, testbed.platforms, rng, rate=testbed.size.rate)
    scenario = Scenario(hub, testbed.platforms, load, rng, testbed.size, deadline=time.monotonic() + seconds)
    proving = hub.engine_as(None)
    verifier = proofs.Verifier(
        proving, load, rng=random.Random(f"{seed}/{number}/proofs"), findings=scenario.findings, lock=scenario.proving
    )
    client = httpx.Client(timeout=10, base_url=hub.apis.inbox_url)
    checker = feeds.Checker(client, load.bearer, testbed.platforms, rng=rng, findings=scenario.findings)
    readers = checker.choose()
    recovery = 0.0
    with _noted(failures), background.running(verifier.keep_verifying, *load.works()):
        drill.drill(scenario)
    ended = time.monotonic()
    # The invariants hold even where the drill itself failed.
    with _noted(failures):
        hub.restore()
    with _noted(failures):
        for post in load.settle():
            scenario.findings.violated("a key gets its message", f'"{post.title}" is never accepted')
    with _noted(failures):
        _wait_quiet(scenario)
        recovery = time.monotonic() - ended
        checker.check(readers, invariants.check(hub.engine, load.posts, scenario.findings))
        verifier.verify_some()
    client.close()
    proving.dispose()
    result = report.Result(
        number=number,
        name=drill.__name__.rpartition(".")[2].replace("_", " "),
        seconds=time.monotonic() - began,
        faults=scenario.faults,
        posts=load.posts,
        findings=scenario.findings,
        recovery=recovery,
        slowest_post=load.slowest(since=0.0),
        worst=scenario.worst,
        failure="; ".join(failures),
    )
    testbed.needs_reset = not result.is_clean
    return result


@contextlib.contextmanager
def _noted(failures: list[str]) -> Iterator[None]:
    """What the block raises is added to `failures`, and the next block runs."""
    try:
        yield
    except Exception as error:
        failures.append(f"{type(error).__name__}: {error}")


def _wait_quiet(scenario: Scenario) -> None:
    """Returns once nothing is left to do; a violation where that takes too long."""
    size = scenario.size
    deadline = time.monotonic() + size.quiet_s
    before = None
    while violation := invariants.wait_quiet(scenario.engine, seconds=1.5 if size.make_due else size.quiet_s):
        if time.monotonic() > deadline:
            scenario.findings.violations.append(violation)
            return
        # While tasks are being done, publishing them all again would only keep the workers busy.
        if violation == before:
            make_due(scenario.engine)
        before = violation
