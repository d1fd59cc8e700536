"""The programs a hub consists of on one machine: each one's command, limits and place in the order of stopping."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.embedded import server
from cli.run.supervisor import Program

# Stopped from the highest to the lowest: nothing loses what it still needs.
_POSTGRES_STAGE, _REDIS_STAGE, _BEAT_STAGE, _WORKER_STAGE, _API_STAGE = range(5)

_GRANIAN = (
    "--host", "127.0.0.1",
    "--no-ws",
    # One process with threads: they wait for PostgreSQL most of the time.
    "--workers", "1",
    "--workers-kill-timeout", "2",
    # Connections are counted here, idle ones and streams too; beyond it they wait in the kernel, health checks among them.
    "--backpressure", "10000",
    "--backlog", "4096",
    # What proxies speak to what is behind them. HTTP/2 would let one connection ask for much more.
    "--http", "1",
    # Of a request, all that comes before its body; and how long that may take, or a connection be idle.
    "--http1-buffer-size", "65536",
    "--http1-header-read-timeout", "30000",
)  # fmt: skip
# More threads than the gateway sends requests at once, so that health checks do not wait behind them.
_WSGI = ("--interface", "wsgi", "--blocking-threads", "16")
_ASGI = ("--interface", "asgi", "--loop", "asyncio")
# Where the servers' own log configurations are, so that their lines are JSON like all others.
_SERVICES = Path(__file__).parents[2] / "services"
# Workers need not know of each other; asking around delays their start.
_CELERY_WORKER = ("--concurrency", "1", "--without-gossip", "--without-mingle")


@dataclass(frozen=True, kw_only=True)
class Apis:
    """Where the APIs and the live stream listen."""

    compose_port: int
    inbox_port: int
    stream_port: int

    @property
    def compose_url(self) -> str:
        return f"http://127.0.0.1:{self.compose_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://127.0.0.1:{self.inbox_port}"

    @property
    def stream_url(self) -> str:
        return f"http://127.0.0.1:{self.stream_port}"


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
            (
                *(sys.executable, "-m", "granian", *interface, *_GRANIAN, "--port", str(port)),
                *("--log-config", str(_SERVICES / module.rpartition(".")[0].replace(".", "/") / "server_log.json")),
                f"services.{module}:app",
            ),
            _API_STAGE,
        )
        for name, module, interface, port in (
            ("compose_api", "compose_api.wsgi", _WSGI, apis.compose_port),
            ("inbox_api", "inbox_api.wsgi", _WSGI, apis.inbox_port),
            ("inbox_stream", "inbox_api.stream.asgi", _ASGI, apis.stream_port),
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
