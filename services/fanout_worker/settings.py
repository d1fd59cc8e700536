"""Settings of fanout_worker."""

from dataclasses import dataclass, field
from pathlib import Path

import environs
from marshmallow import validate

from shared import settings


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    redis_url: str = field(repr=False)
    log: settings.Log
    batch_size: int
    expand_step_ms: int
    sweep_seconds: int
    retention_months: int
    acknowledgement_months: int
    heartbeat_file: Path | None


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    heartbeat_file = env.str("HEARTBEAT_FILE", None)
    return Settings(
        database=settings.read_database(env, pool_size=2, statement_timeout_ms=60_000),
        redis_url=settings.read_redis_url(env),
        log=settings.read_log(env),
        batch_size=env.int("BATCH_SIZE", 40_000, validate=validate.Range(min=1, max=1_000_000)),
        expand_step_ms=env.int("EXPAND_STEP_MS", 50, validate=validate.Range(min=1)),
        sweep_seconds=env.int("SWEEP_SECONDS", 5, validate=validate.Range(min=1, max=60)),
        retention_months=env.int("RETENTION_MONTHS", 24, validate=validate.Range(min=1)),
        acknowledgement_months=env.int("ACKNOWLEDGEMENT_MONTHS", 84, validate=validate.Range(min=1)),
        heartbeat_file=None if heartbeat_file is None else Path(heartbeat_file),
    )
