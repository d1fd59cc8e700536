"""A hub of real processes in a folder: each can be started, stopped, killed, paused or reached through a proxy.

Used by the drills, the benchmarks and the flow tests. There is no supervisor: a process that was killed stays dead until `start`
or `restore`.
"""

import contextlib
import functools
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import httpx
import sqlalchemy
from sqlalchemy import Engine

from cli.embedded import files, postgres, redis, server
from cli.run import programs
from drills import database
from drills.processes import Process, wait_until
from drills.proxy import Proxy
from shared import migrations
from shared.auth import tokens

COMPOSE_API, INBOX_API, INBOX_STREAM, DIRECTORY, BEAT = "compose_api", "inbox_api", "inbox_stream", "directory", "beat"
POSTGRES, REDIS = "postgres", "redis"
APIS = (COMPOSE_API, INBOX_API, INBOX_STREAM)
_MAX_WORKERS = 9
_START_S = 60.0
_MESSAGE_TABLES = (
    "messages, message_targets, message_visibility, message_words, followed_messages, inflight_targets, fanout_batches, inbox_entries, "
    "inbox_states, inbox_revisions, acknowledgements, acknowledgement_steps, acknowledgement_counts, uncounted_acknowledgements, drafts"
)


def worker(number: int) -> str:
    """The name of the worker with that number, from 1."""
    return f"fanout_worker_{number}"


def outer_environment() -> dict[str, str]:
    """This process's environment without the variables that configure a hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


def environment_of(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"HUB_{name.upper()}": str(value) for name, value in settings.items()}


class Hub:
    """`environment` is what every program gets; `servers` are the embedded ones that run here."""

    def __init__(self, folder: Path, environment: Mapping[str, str], servers: Iterable[server.Server]) -> None:
        self.folder = folder
        self.environment = {"HUB_DRAIN_SECONDS": "0", **environment}
        self.servers = {one.name: one for one in servers}
        self.apis = programs.Apis(
            compose_port=files.kept_port(folder / "compose-port"),
            inbox_port=files.kept_port(folder / "inbox-port"),
            stream_port=files.kept_port(folder / "stream-port"),
            directory_port=files.kept_port(folder / "directory-port"),
        )
        self.http = httpx.Client(timeout=60)
        self.processes: dict[str, Process] = {}
        # The programs that `restore` brings back, with the settings they were last started with.
        self._wanted: dict[str, dict[str, object]] = {}
        self._added: dict[str, tuple[str, ...]] = {}

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path, *, workers: int, **settings: object) -> Iterator[Self]:
        """A whole hub with embedded servers and an empty, migrated database; `settings` are `HUB_…` variables."""
        files.make_folder(folder)
        servers = [postgres.prepare(folder / "postgres"), redis.prepare(folder / "redis")]
        own = {
            "database_url": servers[0].url,
            "redis_url": servers[1].url,
            "jwt_secret": files.kept_secret(folder / "jwt-secret"),
            "log_format": "json",
        }
        hub = cls(folder, {**outer_environment(), **environment_of({**own, **settings})}, servers)
        try:
            for name in (POSTGRES, REDIS):
                hub.start_server(name)
            migrations.upgrade(hub.engine)
            for name in APIS:
                hub.start(name)
            hub.start_workers(workers)
            hub.wait_ready(*APIS)
            yield hub
        finally:
            hub.close()

    @functools.cached_property
    def engine(self) -> Engine:
        """Acts as the owner of the schema."""
        return self.engine_as(None)

    def engine_as(self, role: str | None) -> Engine:
        """Acts as a service's role. Dispose of it."""
        return database.make_engine(self.environment["HUB_DATABASE_URL"], role=role)

    def add(self, name: str, command: tuple[str, ...]) -> None:
        """Makes a further program known to `start`. One with "worker" in its name counts as a worker."""
        self._added[name] = command

    def start(self, name: str, **settings: object) -> Process:
        """Starts a program or server, with `HUB_…` settings of its own. Does not wait; see `wait_ready`."""
        environment = {**self.environment, **environment_of(settings)}
        process = Process(self.command(name), environment, self.folder / f"{name}.log")
        self.processes[name] = process
        self._wanted[name] = settings
        return process

    def start_workers(self, count: int = 2, **settings: object) -> None:
        """So many more workers, and the beat, with `HUB_…` settings of their own."""
        first = len(self.workers) + 1
        for number in range(first, first + count):
            self.start(worker(number), **settings)
        if count and BEAT not in self.processes:
            self.start(BEAT, **settings)

    def stop_workers(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stops all workers and the beat."""
        for name in [name for name in self.processes if "worker" in name or name == BEAT]:
            self.stop(name, how)

    def start_server(self, name: str) -> None:
        """Starts an embedded server and returns once it answers. After a kill PostgreSQL may have to wait for its orphans."""
        deadline = time.monotonic() + _START_S
        process = self.start(name)
        while not self.servers[name].is_ready():
            if not process.is_alive:
                time.sleep(0.2)
                process = self.start(name)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} does not start; see {process.log}")
            time.sleep(0.02)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stops it for good: `restore` does not start it again."""
        self._wanted.pop(name, None)
        if process := self.processes.pop(name, None):
            process.resume()
            process.stop(how)

    def kill(self, name: str) -> None:
        """SIGKILL, children included; `start_again` or `restore` brings it back."""
        self.processes[name].kill()

    def restart(self, name: str, **settings: object) -> None:
        """Kills it and starts it, with other settings where given; waits until an API is ready."""
        self.processes[name].kill()
        self.start(name, **settings)
        self.wait_ready(name)

    def start_again(self, name: str) -> None:
        """Starts what was killed, with the settings that it had."""
        if name in self.servers:
            self.start_server(name)
        else:
            self.start(name, **self._wanted.get(name, {}))

    @contextlib.contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These processes are stopped with SIGSTOP until the block ends."""
        paused = [self.processes[name] for name in names]
        for process in paused:
            process.pause()
        try:
            yield
        finally:
            for process in paused:
                process.resume()

    def restore(self) -> None:
        """Every program that was started and not stopped for good runs again; the APIs are ready."""
        for process in self.processes.values():
            process.resume()
        for name in sorted(self._wanted, key=lambda name: name not in self.servers):
            if not self.processes[name].is_alive:
                self.start_again(name)
        self.wait_ready(*(name for name in APIS if name in self._wanted))

    def close(self) -> None:
        """Ends everything, the servers last."""
        self.http.close()
        if "engine" in vars(self):
            self.engine.dispose()
        for name in sorted(self.processes, key=lambda name: name in self.servers):
            process = self.processes[name]
            process.resume()
            if name in self.servers:
                process.stop(self.servers[name].stop_signal)
            else:
                process.kill()
        self.processes.clear()
        self._wanted.clear()

    def wait_ready(self, *names: str) -> None:
        """Returns once these APIs are ready; other programs are ignored."""
        for name in names:
            if name in APIS:
                wait_until(functools.partial(self.is_ready, self.url(name)), what=f"{name} is ready", seconds=_START_S)

    def is_ready(self, url: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.http.get(f"{url}/readyz", timeout=10).status_code == 200
        return False

    @property
    def workers(self) -> list[Process]:
        """Those that run and those that were killed."""
        return [process for name, process in self.processes.items() if "worker" in name]

    @property
    def running_workers(self) -> list[str]:
        return [name for name, process in self.processes.items() if "worker" in name and process.is_alive]

    def url(self, name: str) -> str:
        """Where a server or an API is reached."""
        urls = {
            POSTGRES: self.environment["HUB_DATABASE_URL"],
            REDIS: self.environment["HUB_REDIS_URL"],
            COMPOSE_API: self.apis.compose_url,
            INBOX_API: self.apis.inbox_url,
            INBOX_STREAM: self.apis.stream_url,
            DIRECTORY: self.apis.directory_url,
        }
        return urls[name]

    def proxy_of(self, name: str) -> tuple[Proxy, str]:
        """A new proxy in front of a server or an API, and its address. Close it."""
        url = sqlalchemy.make_url(self.url(name))
        proxy = Proxy(int(url.port or 0))
        return proxy, url.set(port=proxy.port).render_as_string(hide_password=False)

    def command(self, name: str, apis: programs.Apis | None = None) -> tuple[str, ...]:
        """The command of the program or server with that name, at the hub's own addresses or at others."""
        if name in self._added:
            return self._added[name]
        if name in self.servers:
            return self.servers[name].command
        every = programs.services(
            apis or self.apis,
            workers=_MAX_WORKERS,
            beat_schedule=self.folder / f"{name}-schedule",
            environment={},
            logs=self.folder,
        )
        # A second beat is the program before the dot: "beat.2".
        (program,) = (one for one in every if one.name == name.partition(".")[0])
        return tuple(program.command)

    def bearer(self, user: str, platform: str) -> dict[str, str]:
        """The header of a request of this user."""
        secret = self.environment["HUB_JWT_SECRET"]
        token = tokens.make(secret, platform=platform, user=user, now=time.time(), ttl_s=86_400)
        return {"Authorization": f"Bearer {token}"}

    def forget_messages(self) -> None:
        """Empties every inbox and deletes every message; a task that still waits finds nothing to do."""
        database.change(self.engine, f"TRUNCATE {_MESSAGE_TABLES}")
