"""Settings of inbox_api."""

from dataclasses import dataclass

import environs
from marshmallow import validate

from shared import settings

DEFAULT_PLACES = 8
# Readiness and what a slow answer still holds come on top of one connection for each place.
SPARE_CONNECTIONS = 4


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    auth: settings.Auth
    log: settings.Log
    places: int
    cors_origins: tuple[str, ...]
    trusted_proxies: tuple[settings.Network, ...]


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    places = env.int("PLACES", DEFAULT_PLACES, validate=validate.Range(min=1))
    pool_size = (places if isinstance(places, int) else DEFAULT_PLACES) + SPARE_CONNECTIONS
    return Settings(
        database=settings.read_database(env, pool_size=pool_size, statement_timeout_ms=5_000),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        places=places,
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        trusted_proxies=settings.read_networks(env, "TRUSTED_PROXIES"),
    )
