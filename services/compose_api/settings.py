"""Settings of compose_api."""

from dataclasses import dataclass

import environs
from marshmallow import validate

from shared import settings


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    redis_url: str
    auth: settings.Auth
    log: settings.Log
    places: int
    cors_origins: tuple[str, ...]


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        database=settings.read_database(env, pool_size=20, statement_timeout_ms=5_000),
        redis_url=settings.read_redis_url(env),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        places=env.int("PLACES", 16, validate=validate.Range(min=1)),
        cors_origins=settings.read_cors_origins(env),
    )
