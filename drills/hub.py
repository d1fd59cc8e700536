"""A hub of real processes in a folder, each of which can be started, stopped, killed, paused or put behind a proxy.

The drills and the flow tests both run theirs with it. No supervisor stands behind: what a drill kills stays dead until it is started
again, or until `heal`.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import httpx
import sqlalchemy

from cli.embedded import files, server
from cli.run import programs
from drills.processes import Process, wait_until
from drills.proxy import Proxy

COMPOSE_API, INBOX_API, BEAT = "compose_api", "inbox_api", "beat"
POSTGRES, REDIS = "postgres", "redis"
_MOST_WORKERS = 9
_START_S = 60.0


def worker(number: int) -> str:
    """The name of the worker with that number, from 1."""
    return f"fanout_worker_{number}"


def outer_environment() -> dict[str, str]:
    """This process's environment without anything that would set up a hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


class Hub:
    """`environment` is what every program gets; `servers` are the embedded ones that are run here."""

    def __init__(self, folder: Path, environment: Mapping[str, str], servers: Iterable[server.Server]) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.servers = {one.name: one for one in servers}
        self.apis = programs.Apis(
            compose_port=files.kept_port(folder / "compose-port"), inbox_port=files.kept_port(folder / "inbox-port")
        )
        self.http = httpx.Client(timeout=10)
        self.processes: dict[str, Process] = {}
        # What `heal` brings back, with the settings it was started with last.
        self._wanted: dict[str, dict[str, object]] = {}
        self._added: dict[str, tuple[str, ...]] = {}

    def add(self, name: str, command: tuple[str, ...]) -> None:
        """A program that no hub has: `start` knows it from now on. One with "worker" in its name counts as a worker."""
        self._added[name] = command

    def start(self, name: str, **settings: object) -> Process:
        """Starts a program or server, with `HUB_…` settings of its own. Does not wait; see `wait_ready`."""
        more = {f"HUB_{key.upper()}": str(value) for key, value in settings.items()}
        process = Process(self.command(name), {**self.environment, **more}, self.folder / f"{name}.log")
        self.processes[name] = process
        self._wanted[name] = settings
        return process

    def start_server(self, name: str) -> None:
        """Starts an embedded server and returns once it answers. Right after a kill PostgreSQL may have to wait for its orphans."""
        deadline = time.monotonic() + _START_S
        process = self.start(name)
        while not self.servers[name].is_ready():
            if not process.is_alive:
                time.sleep(0.2)
                process = self.start(name)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} does not come up; see {process.log}")
            time.sleep(0.02)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """For good: `heal` leaves it stopped."""
        self._wanted.pop(name, None)
        if process := self.processes.pop(name, None):
            process.resume()
            process.stop(how)

    def kill(self, name: str) -> None:
        """SIGKILL, children included; `start` or `heal` brings it back."""
        self.processes[name].kill()

    def restart(self, name: str, **settings: object) -> None:
        """Ends it and starts it again, with other settings where given; waits until an API is ready."""
        self.processes[name].kill()
        self.start(name, **settings)
        self.wait_ready(name)

    def again(self, name: str) -> None:
        """Starts what was killed, with the settings that it had."""
        settings = self._wanted.get(name, {})
        if name in self.servers:
            self.start_server(name)
        else:
            self.start(name, **settings)

    @contextlib.contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These neither do nor refuse anything until the block ends."""
        paused = [self.processes[name] for name in names]
        for process in paused:
            process.pause()
        try:
            yield
        finally:
            for process in paused:
                process.resume()

    def heal(self) -> None:
        """Everything that was ever started (and not stopped for good) runs again, is not paused, and the APIs are ready."""
        for process in self.processes.values():
            process.resume()
        for name in sorted(self._wanted, key=lambda name: name not in self.servers):
            if not self.processes[name].is_alive:
                self.again(name)
        self.wait_ready(*(name for name in (COMPOSE_API, INBOX_API) if name in self._wanted))

    def close(self) -> None:
        """Ends everything: first what needs something, then what is needed."""
        self.http.close()
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
        """Returns once these APIs are ready; other programs are not asked."""
        urls = {COMPOSE_API: self.apis.compose_url, INBOX_API: self.apis.inbox_url}
        for name in names:
            if name in urls:
                wait_until(lambda url=urls[name]: self.is_ready(url), what=f"{name} is ready", seconds=_START_S)  # type: ignore[misc]

    def is_ready(self, url: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.http.get(f"{url}/readyz").status_code == 200
        return False

    @property
    def running_workers(self) -> list[str]:
        return [name for name, process in self.processes.items() if "worker" in name and process.is_alive]

    def proxy_of(self, name: str) -> tuple[Proxy, str]:
        """A new proxy in front of a server or an API, and the address that leads through it. Close it."""
        urls = {
            POSTGRES: self.environment["HUB_DATABASE_URL"],
            REDIS: self.environment["HUB_REDIS_URL"],
            COMPOSE_API: self.apis.compose_url,
            INBOX_API: self.apis.inbox_url,
        }
        url = sqlalchemy.make_url(urls[name])
        proxy = Proxy(int(url.port or 0))
        return proxy, url.set(port=proxy.port).render_as_string(hide_password=False)

    def command(self, name: str) -> tuple[str, ...]:
        """What runs under that name."""
        if name in self._added:
            return self._added[name]
        if name in self.servers:
            return self.servers[name].command
        every = programs.services(
            self.apis,
            workers=_MOST_WORKERS,
            beat_schedule=self.folder / f"{name}-schedule",
            environment={},
            logs=self.folder,
        )
        # A second beat, say, is the program before the dot: "beat.2".
        (program,) = (one for one in every if one.name == name.partition(".")[0])
        return tuple(program.command)
