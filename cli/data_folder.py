"""The folder where `message-hub run` keeps its servers' data, its secret, its logs, and how to reach it.

The other commands read it. A hub is running exactly as long as a process holds the lock.
"""

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from cli.embedded import files


class AlreadyRunningError(Exception):
    """Another `message-hub run` uses this folder."""


@dataclass(frozen=True)
class Running:
    """What the other commands need to know of a running hub."""

    pid: int
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    compose_url: str
    inbox_url: str
    stream_url: str
    directory_url: str


class DataFolder:
    """The paths in the folder, and who runs there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.postgres = path / "postgres"
        self.redis = path / "redis"
        self.logs = path / "logs"
        self.beat_schedule = path / "beat"
        self.evidence_keys = path / "evidence_keys"
        self.demo_people = path / "demo_people.json"
        self.demo_sign_in_port = path / "demo_sign_in_port"
        self._lock = path / "lock"
        self._running = path / "running.json"
        self._jwt_secret = path / "jwt_secret"

    def claim(self) -> IO[str]:
        """Makes the folder and claims it for as long as the answer stays open. Raises `AlreadyRunningError`."""
        files.make_folder(self.path)
        files.make_folder(self.logs)
        lock = self._lock.open("a", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunningError from None
        return lock

    def announce(self, running: Running) -> None:
        """Tells the other commands how to reach this hub. The file holds secrets: only its owner can read it."""
        files.write_private(self._running, json.dumps(asdict(running), indent=2))

    def withdraw(self) -> None:
        self._running.unlink(missing_ok=True)

    def was_left_behind(self) -> bool:
        """Whether the last run ended without withdrawing (killed, or the machine went down). Ask after `claim`."""
        return self._running.exists()

    def running(self) -> Running | None:
        """The hub that runs in this folder now, once its servers are up."""
        try:
            with self._lock.open("r", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(OSError, ValueError, TypeError):
                return Running(**json.loads(self._running.read_text(encoding="utf-8")))
        except OSError:
            pass
        return None

    def jwt_secret(self) -> str | None:
        """The secret that signs tokens here: the running hub's, else the kept one; None before the first run."""
        running = self.running()
        if running is not None:
            return running.jwt_secret
        return files.kept_secret(self._jwt_secret) if self._jwt_secret.exists() else None

    def make_jwt_secret(self) -> str:
        """The kept secret, made when there is none yet."""
        return files.kept_secret(self._jwt_secret)


def readable_name(path: Path) -> str:
    """How messages name a folder: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
