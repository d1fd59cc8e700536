"""A PostgreSQL server that takes no writes for a while, as a standby does or one whose disk its operator protects."""

import contextlib
from collections.abc import Iterator

import psycopg

from drills.processes import wait_until


@contextlib.contextmanager
def server(url: str) -> Iterator[None]:
    """All sessions of the server at `url` are read-only until the block ends, those that are open already too."""
    with psycopg.connect(url, autocommit=True) as owner:
        _change(owner, "SET default_transaction_read_only = on")
        try:
            yield
        finally:
            _change(owner, "RESET default_transaction_read_only")


def _change(owner: psycopg.Connection, change: str) -> None:
    wanted = "on" if change.startswith("SET") else "off"
    owner.execute(f"ALTER SYSTEM {change}")  # type: ignore[arg-type]
    owner.execute("SELECT pg_reload_conf()")
    wait_until(
        lambda: owner.execute("SHOW default_transaction_read_only").fetchone() == (wanted,),
        what="the server has read it",
    )
