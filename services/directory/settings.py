"""Settings of the directory's HTTP service."""

from dataclasses import dataclass

import environs

from shared import rate_limit, settings


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    auth: settings.Auth
    log: settings.Log
    rate_limit: str
    cors_origins: tuple[str, ...]
    proxy_count: int


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        # A group of 20,000 members that is replaced takes seconds.
        database=settings.read_database(env, pool_size=12, statement_timeout_ms=30_000),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        rate_limit=rate_limit.read(env, "DIRECTORY_RATE_LIMIT", "600 per minute"),
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        proxy_count=settings.read_proxy_count(env),
    )
