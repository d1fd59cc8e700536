"""What the figures were measured on, as it is kept beside them."""

import os
import platform
import subprocess
from pathlib import Path

import redis
import sqlalchemy

from benchmarks import hub as hubs

_ROOT = Path(__file__).parents[1]
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression")


def describe(hub: hubs.Hub) -> dict[str, object]:
    with hub.engine.connect() as connection:
        postgres = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in _SETTINGS}
        version = connection.execute(sqlalchemy.text("SHOW server_version")).scalar_one()
    client = redis.Redis.from_url(hub.redis_url)
    redis_version = dict(client.info("server"))["redis_version"]
    client.close()
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": version,
        "postgresql_settings": postgres,
        "redis": redis_version,
        "revision": _revision(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _revision() -> str | None:
    """The commit, with "dirty" where the working tree differs from it; None outside a clone."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(_ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (" dirty" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None
