"""Settings of inbox_api."""

from dataclasses import dataclass
from pathlib import Path

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
    evidence_keys: Path | None


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        database=settings.read_database(env, pool_size=28, statement_timeout_ms=5_000),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        rate_limit=rate_limit.read(env, "INBOX_RATE_LIMIT", "600 per minute"),
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        proxy_count=settings.read_proxy_count(env),
        evidence_keys=settings.read_folder(env, "EVIDENCE_KEYS"),
    )
