"""Creates, lists, revokes and recognises directory tokens. Only their hashes are stored."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from services.directory import errors
from services.directory.actions import changes
from services.directory.provisioned import Actor, Client
from services.directory.store import audit, platforms, users
from services.directory.store import scim_tokens as store

# One in use, and the next one while a client is changed over.
MAX_VALID = 2
# Distinguishes them from the tokens of users.
PREFIX = "mhd_"


@dataclass(frozen=True)
class Created:
    """`token` is shown once."""

    id: int
    token: str
    expires_at: datetime | None


def create_token(
    engine: Engine,
    *,
    platform_key: str,
    expires: datetime | timedelta | None = None,
    actor: Actor = changes.UNKNOWN_ACTOR,
) -> Created:
    """A new token for the platform. `expires`: when, or in what time. Raises `UnknownPlatformError` and `TooManyTokensError`."""
    token = PREFIX + secrets.token_urlsafe(32)
    with changes.recorded_refusals(engine, "scim", platform_key, actor), engine.begin() as connection:
        platform = changes.known_platform(platforms.lock_platform(connection, key=platform_key), platform_key)
        if sum(one.is_valid for one in store.list_tokens(connection, platform_id=platform.id)) >= MAX_VALID:
            raise errors.TooManyTokensError(platform_key, MAX_VALID)
        expires_at = users.get_time(connection) + expires if isinstance(expires, timedelta) else expires
        token_id = store.insert_token(connection, platform_id=platform.id, hash_=_hash(token), expires_at=expires_at)
        _record(connection, platform, actor, f"token {token_id} created")
    return Created(token_id, token, expires_at)


def list_tokens(engine: Engine, *, platform_key: str) -> list[store.Token]:
    with engine.begin() as connection:
        platform = changes.known_platform(platforms.get_platform(connection, key=platform_key), platform_key)
        return store.list_tokens(connection, platform_id=platform.id)


def revoke_token(
    engine: Engine, *, platform_key: str, token_id: int, actor: Actor = changes.UNKNOWN_ACTOR
) -> store.Token:
    """The token, which is refused from now on. Raises `UnknownPlatformError` and `UnknownTokenError`."""
    with changes.recorded_refusals(engine, "scim", platform_key, actor), engine.begin() as connection:
        platform = changes.known_platform(platforms.lock_platform(connection, key=platform_key), platform_key)
        now = users.get_time(connection)
        before = store.get_token(connection, platform_id=platform.id, token_id=token_id)
        if before is None:
            raise errors.UnknownTokenError(platform_key, token_id)
        if before.revoked_at is None:
            store.mark_revoked(connection, token_id=token_id, now=now)
            _record(connection, platform, actor, f"token {token_id} revoked")
        return store.get_token(connection, platform_id=platform.id, token_id=token_id) or before


def find_client(
    engine: Engine, *, token: str, request_id: str, address: str | None, request: str = ""
) -> Client | None:
    """The client that the token belongs to; None unless it is valid. Its last use is noted, to the minute."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        found = store.find_valid(connection, hash_=_hash(token))
        if found is None:
            return None
        if found.is_stale:
            store.mark_used(connection, token_id=found.token_id, now=users.get_time(connection))
    return Client(found.platform_id, found.platform_key, request_id, address, token_id=found.token_id, request=request)


def _record(connection: Connection, platform: platforms.Platform, actor: Actor, detail: str) -> None:
    done = changes.event("scim", actor, platform.key)
    audit.insert(connection, replace(done, directory_version=platform.directory_version, detail=detail))


def _hash(token: str) -> bytes:
    """Tokens are random, so one round of SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
