"""The programs a hub consists of on one machine: each one's command, limits and place in the order of stopping."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.embedded import server
from cli.run.supervisor import Program

# Stopped from the highest to the lowest: nothing loses what it still needs.
_POSTGRES_STAGE, _REDIS_STAGE, _BEAT_STAGE, _WORKER_STAGE, API_STAGE = range(5)

# Workers need not know of each other; asking around delays their start.
_CELERY_WORKER = ("--concurrency", "1", "--without-gossip", "--without-mingle")


@dataclass(frozen=True, kw_only=True)
class Apis:
    """Where the APIs and the live stream listen."""

    compose_port: int
    inbox_port: int
    stream_port: int
    directory_port: int

    @property
    def compose_url(self) -> str:
        return f"http://127.0.0.1:{self.compose_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://127.0.0.1:{self.inbox_port}"

    @property
    def stream_url(self) -> str:
        return f"http://127.0.0.1:{self.stream_port}"

    @property
    def directory_url(self) -> str:
        return f"http://127.0.0.1:{self.directory_port}"


def servers(prepared: list[server.Server], *, environment: Mapping[str, str], logs: Path) -> list[Program]:
    """The embedded servers, as programs."""
    return [
        Program(
            name=one.name,
            command=one.command,
            environment=environment,
            log=logs / f"{one.name}.log",
            stage=_POSTGRES_STAGE if one.name == "postgres" else _REDIS_STAGE,
            stop_signal=one.stop_signal,
            stop_timeout_s=30.0,
        )
        for one in prepared
    ]


def services(
    apis: Apis, *, workers: int, beat_schedule: Path, environment: Mapping[str, str], logs: Path
) -> list[Program]:
    """The APIs, the live stream, and `workers` workers with the beat that makes them sweep (none of it when there are none)."""

    def program(name: str, command: tuple[str, ...], stage: int) -> Program:
        return Program(
            name=name,
            command=command,
            environment=environment,
            log=logs / f"{name}.log",
            stage=stage,
            stop_timeout_s=8.0,
        )

    celery = (sys.executable, "-m", "celery", "--quiet", "-A", "services.fanout_worker.worker")
    programs = [
        program(
            name,
            (sys.executable, "-m", f"services.{module}", "--port", str(port)),
            API_STAGE,
        )
        for name, module, port in (
            ("compose_api", "compose_api", apis.compose_port),
            ("inbox_api", "inbox_api", apis.inbox_port),
            ("inbox_stream", "inbox_api.stream", apis.stream_port),
            ("directory", "directory", apis.directory_port),
        )
    ]
    for number in range(1, workers + 1):
        hostname = f"fanout_worker_{number}@%h"
        programs.append(
            program(
                f"fanout_worker_{number}",
                (*celery, "worker", *_CELERY_WORKER, "--hostname", hostname),
                _WORKER_STAGE,
            )
        )
    if workers:
        programs.append(program("beat", (*celery, "beat", "--schedule", str(beat_schedule), "--pidfile="), _BEAT_STAGE))
    return programs
