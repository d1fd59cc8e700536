"""Serves an application with Granian. Called by the `__main__` of the APIs and of the live stream.

On SIGTERM the process drains for HUB_DRAIN_SECONDS (shared/draining.py) and stops then; on a second one it stops at once.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from marshmallow import validate

from shared import draining, settings

# More than the gateway sends requests at once, so that health checks do not wait behind them. shared/web/fairness.py shares them out.
THREADS = 24
# Responses that are under way when the drain is over get this long.
STOP_TIMEOUT_S = 5
# docker-compose.yml gives the containers longer to stop.
LONGEST_DRAIN_S = 60


def serve(target: str, *, name: str, interface: Interfaces, port: int) -> None:
    """Serves the application `target` until a signal. `name` is the service in the log, `port` the default of `--port`."""
    arguments = _read_arguments(name, port)
    try:
        drain_s = read_drain_seconds()
    except settings.SettingsError as error:
        sys.exit(str(error))
    server = granian.Granian(
        target,
        address=arguments.host,
        port=arguments.port,
        interface=interface,
        # One process with threads: they wait for PostgreSQL most of the time.
        workers=1,
        blocking_threads=THREADS if interface is Interfaces.WSGI else None,
        loop=Loops.asyncio,
        websockets=False,
        # Connections are counted here, idle ones and streams too; beyond it they wait in the kernel, health checks among them.
        backpressure=10_000,
        backlog=4_096,
        # What proxies speak to what is behind them. HTTP/2 would let one connection ask for much more.
        http=HTTPModes.http1,
        # Of a request, all that comes before its body; and how long in ms that may take, or a connection be idle.
        http1_settings=HTTP1Settings(max_buffer_size=65_536, header_read_timeout=30_000),
        workers_kill_timeout=STOP_TIMEOUT_S,
        log_dictconfig=_log_config(name),
    )

    @server.on_startup
    def drain_first() -> None:
        """Runs after Granian has set its signal handlers and before it starts its worker."""
        signal.signal(draining.SIGNAL, signal.SIG_IGN)  # the worker inherits it until it listens
        stop = signal.getsignal(signal.SIGTERM)
        if drain_s and callable(stop):
            signal.signal(signal.SIGTERM, _draining(stop, drain_s))

    server.serve()


def _draining(stop: Callable[[int, FrameType | None], Any], seconds: int) -> Callable[[int, FrameType | None], None]:
    """A signal handler that has the worker drain and calls `stop` after that time, or when the signal comes again."""
    has_begun = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal has_begun
        if has_begun:
            stop(number, frame)
            return
        has_begun = True
        for worker in multiprocessing.active_children():
            if worker.pid is not None:
                os.kill(worker.pid, draining.SIGNAL)
        timer = threading.Timer(seconds, stop, (number, None))
        timer.daemon = True
        timer.start()

    return handle


def read_drain_seconds() -> int:
    """Raises `shared.settings.SettingsError`."""
    return settings.read(lambda env: env.int("DRAIN_SECONDS", 5, validate=validate.Range(min=0, max=LONGEST_DRAIN_S)))


def _read_arguments(name: str, port: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port)
    return parser.parse_args()


def _log_config(name: str) -> dict[str, Any]:
    """Granian's own lines as JSON, like all others."""
    return {
        "formatters": {"json": {"()": "shared.logging.json_formatter", "service": name}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }
