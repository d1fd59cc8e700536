"""Creates, updates and lists platforms."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Engine

from services.directory import domain, errors
from services.directory.actions import changes, handover
from services.directory.provisioned import Actor
from services.directory.store import audit, platforms
from shared import text

_NEW = platforms.Platform(
    id=0,
    key="",
    name="",
    plan="",
    directory_version=0,
    issuer=None,
    jwks_url=None,
    managed_by=domain.CSV,
    categories=list(domain.DEFAULT_CATEGORIES),
)


class PlatformChange(NamedTuple):
    """The platform after the change. `outcome` is created, updated or unchanged."""

    outcome: str
    platform: platforms.Platform


def put_platform(
    engine: Engine,
    *,
    key: str,
    name: str | None = None,
    plan: str | None = None,
    issuer: str | None = None,
    jwks_url: str | None = None,
    managed_by: str | None = None,
    categories: Sequence[str] = (),
    operator: str = changes.UNKNOWN_OPERATOR,
) -> PlatformChange:
    """Creates or updates a platform. None, or no categories, keeps what there is; a new one needs name and plan. Two empty strings
    remove `issuer` and `jwks_url`.

    `operator` is named in the audit trail. Raises `BadPlatformError` and `DirectoryBusyError`.
    """
    with changes.recorded_refusals(engine, "platform", key, Actor(operator)), engine.begin() as connection:
        domain.check_key(key)
        changes.lock_directory(connection, key)
        before = platforms.lock_platform(connection, key=key)
        if before is None and (name is None or plan is None):
            raise errors.BadPlatformError(f'There is no platform "{key}" yet. A new one needs --name and --plan.')
        kept = before or _NEW
        wanted = replace(
            kept,
            key=key,
            name=kept.name if name is None else name.strip(),
            plan=plan or kept.plan,
            issuer=kept.issuer if issuer is None else issuer,
            jwks_url=kept.jwks_url if issuer is None and jwks_url is None else jwks_url,
            managed_by=managed_by or kept.managed_by,
            categories=[text.nfc(name.strip(), maximum=len(name)) for name in categories] or kept.categories,
        )
        domain.check_categories(wanted.categories)
        domain.check_platform(wanted.name, wanted.plan, wanted.issuer, wanted.jwks_url)
        issuer = wanted.issuer or None
        wanted = replace(wanted, issuer=issuer, jwks_url=wanted.jwks_url or None)
        other = platforms.get_key_by_issuer(connection, issuer=issuer, other_than=key) if issuer else None
        if other is not None:
            raise errors.BadPlatformError(
                f'The issuer {issuer} already belongs to platform "{other}". Each platform needs its own.'
            )
        if before is None:
            outcome: audit.Outcome = "created"
            platforms.insert_platform(connection, platform=wanted)
        elif before != wanted:
            outcome = "updated"
            platforms.update_platform(connection, platform=wanted)
            if before.managed_by != wanted.managed_by:
                handover.hand_over(connection, platform=wanted)
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
    others = ("name", "issuer", "jwks_url", "managed_by", "categories")
    changed = [field for field in others if before and getattr(before, field) != getattr(after, field)]
    return f"plan {after.plan}" + (f"; changed: {', '.join(changed)}" if changed else "")


def list_platforms(engine: Engine) -> list[platforms.Platform]:
    """All platforms, by key."""
    with engine.begin() as connection:
        return platforms.list_platforms(connection)
