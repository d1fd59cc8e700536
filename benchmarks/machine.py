"""What the figures were measured on, as it is kept beside them."""

import os
import platform
import re
import subprocess
from pathlib import Path

import redis

from benchmarks import hub as hubs

_ROOT = Path(__file__).parents[1]
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression")


def describe(hub: hubs.Hub) -> dict[str, object]:
    names = ("server_version", *_SETTINGS)
    with hub.engine.connect() as connection:
        postgres = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names}
    with redis.Redis.from_url(hub.environment["HUB_REDIS_URL"]) as client:
        redis_version = dict(client.info("server"))["redis_version"]
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": postgres,
        "redis": redis_version,
        "revision": _revision(),
    }


def _revision() -> str | None:
    """The commit, with "-dirty" where the working tree differs from it; None outside a clone."""
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
