"""Settings of compose_api."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import environs

from shared import rate_limit, settings

# It becomes part of a Content-Security-Policy.
_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True)
class Pages:
    """What the console and the demo page depend on."""

    # As browsers reach them, without a slash at the end; empty: under the same origin.
    inbox_url: str = ""
    stream_url: str = ""
    frame_origins: tuple[str, ...] = ()
    demo_file: Path | None = None


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    redis_url: str = field(repr=False)
    auth: settings.Auth
    log: settings.Log
    rate_limit: str
    cors_origins: tuple[str, ...]
    proxy_count: int
    pages: Pages


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        database=settings.read_database(env, pool_size=28, statement_timeout_ms=5_000),
        redis_url=settings.read_redis_url(env),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        rate_limit=rate_limit.read(env, "COMPOSE_RATE_LIMIT", "3000 per minute"),
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        proxy_count=settings.read_proxy_count(env),
        pages=_read_pages(env),
    )


def _read_pages(env: environs.Env) -> Pages:
    demo_file = env.str("DEMO_FILE", None)
    return Pages(
        inbox_url=_read_url(env, "INBOX_URL"),
        stream_url=_read_url(env, "STREAM_URL"),
        frame_origins=settings.read_origins(env, "FRAME_ORIGINS"),
        demo_file=Path(demo_file) if demo_file else None,
    )


def _read_url(env: environs.Env, name: str) -> str:
    return (env.str(name, "", validate=settings.unless_empty(_check_address)) or "").rstrip("/")


def _check_address(value: str) -> None:
    if not _ADDRESS.fullmatch(value):
        raise environs.ValidationError(
            "Must be an address like https://hub.example.org or https://hub.example.org/inbox."
        )
