"""Settings of the live stream."""

from dataclasses import dataclass, field

import environs
from marshmallow import validate

from services.inbox_api.stream import endpoint
from shared import settings

# One connection for each thread that opens streams, one for the poller, and some for readiness.
_POOL_SIZE = endpoint.OPENING_THREADS + 4


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    redis_url: str | None = field(repr=False)
    auth: settings.Auth
    log: settings.Log
    cors_origins: tuple[str, ...]
    streams: int


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        database=settings.read_database(env, pool_size=_POOL_SIZE, statement_timeout_ms=5_000),
        redis_url=settings.read_given_redis_url(env),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        streams=env.int("STREAMS", 4_000, validate=validate.Range(min=0, max=8_000)),
    )
