"""Creates, updates and lists platforms."""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Engine

from services.directory import domain, errors
from services.directory.actions import changes
from services.directory.store import audit, platforms


class PlatformChange(NamedTuple):
    """The platform after the change. `outcome` is created, updated or unchanged."""

    outcome: str
    platform: platforms.Platform


def put_platform(
    engine: Engine,
    *,
    key: str,
    name: str,
    plan: str,
    issuer: str | None = None,
    jwks_url: str | None = None,
    operator: str = changes.UNKNOWN_OPERATOR,
) -> PlatformChange:
    """Creates or updates a platform. `issuer` and `jwks_url`: None keeps both, two empty strings remove them.

    `operator` is named in the audit trail. Raises `BadPlatformError` and `DirectoryBusyError`.
    """
    name = name.strip()
    with changes.recorded_refusals(engine, "platform", key, operator), engine.begin() as connection:
        domain.check_platform(key, name, plan, issuer, jwks_url)
        changes.lock_directory(connection, key)
        before = platforms.lock_platform(connection, key=key)
        if issuer is None and before is not None:
            issuer, jwks_url = before.issuer, before.jwks_url
        issuer, jwks_url = issuer or None, jwks_url or None
        other = platforms.get_key_by_issuer(connection, issuer=issuer, other_than=key) if issuer else None
        if other is not None:
            raise errors.BadPlatformError(
                f'The issuer {issuer} already belongs to platform "{other}". Each platform needs its own.'
            )
        if before is None:
            outcome: audit.Outcome = "created"
            platforms.insert_platform(connection, key=key, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url)
        elif before != replace(before, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url):
            outcome = "updated"
            platforms.update_platform(connection, key=key, name=name, plan=plan, issuer=issuer, jwks_url=jwks_url)
        else:
            outcome = "unchanged"
        after = platforms.get_platform(connection, key=key)
        assert after is not None  # noqa: S101 (it was written just above)
        detail = _changed_fields(before, after)
        audit.insert(
            connection,
            audit.Event("platform", outcome, operator, key, after.directory_version, detail=detail),
        )
    return PlatformChange(outcome, after)


def _changed_fields(before: platforms.Platform | None, after: platforms.Platform) -> str:
    """The plan, and the names of other changed fields, for the audit trail."""
    others = ("name", "issuer", "jwks_url")
    changed = [field for field in others if before and getattr(before, field) != getattr(after, field)]
    return f"plan {after.plan}" + (f"; changed: {', '.join(changed)}" if changed else "")


def list_platforms(engine: Engine) -> list[platforms.Platform]:
    """All platforms, by key."""
    with engine.begin() as connection:
        return platforms.list_platforms(connection)
