"""Makes platforms, organisations, clinics, users and memberships straight in the tables, as few statements as it takes.

Works on any connection, whatever role it acts as. Every call that changes who is where raises the platform's
directory_version and keeps scope_user_counts, as the directory itself does.
"""

import contextlib
import hashlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import jwt
from sqlalchemy import Connection, text

# Looks as a real one does, and is the same in every process.
SECRET = hashlib.sha256(b"message-hub tests").hexdigest()

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Platform:
    id: int
    key: str
    level: str = "platform"

    @property
    def platform_id(self) -> int:
        return self.id


@dataclass(frozen=True)
class Organisation:
    id: int
    platform_id: int
    external_id: str
    level: str = "organisation"


@dataclass(frozen=True)
class Clinic:
    id: int
    platform_id: int
    organisation_id: int
    external_id: str
    level: str = "clinic"


@dataclass(frozen=True)
class User:
    id: int
    platform_id: int
    external_id: str
    name: str
    status: str


Scope = Platform | Organisation | Clinic


def platform(
    connection: Connection,
    *,
    key: str | None = None,
    plan: str = "enterprise",
    issuer: str | None = None,
    jwks_url: str | None = None,
) -> Platform:
    key = key or f"platform-{next(_numbers)}"
    with _owner(connection):
        new_id = connection.execute(
            text("""
                WITH made AS (
                    INSERT INTO platforms (key, name, plan, issuer, jwks_url)
                    VALUES (:key, 'Platform ' || :key, :plan, :issuer, :jwks_url) RETURNING id
                ), counted AS (
                    INSERT INTO scope_user_counts (scope_id, platform_id, user_count) SELECT id, id, 0 FROM made
                )
                SELECT id FROM made
            """),
            {"key": key, "plan": plan, "issuer": issuer, "jwks_url": jwks_url},
        ).scalar_one()
    return Platform(new_id, key)


def organisation(
    connection: Connection, of: Platform, *, external_id: str | None = None, active: bool = True
) -> Organisation:
    external_id = external_id or f"organisation-{next(_numbers)}"
    with _owner(connection):
        new_id = _insert_scope(
            connection,
            """INSERT INTO organisations (platform_id, external_id, name, active)
               VALUES (:platform_id, :external_id, 'Organisation ' || :external_id, :active) RETURNING id""",
            {"platform_id": of.id, "external_id": external_id, "active": active},
        )
    return Organisation(new_id, of.id, external_id)


def clinic(connection: Connection, of: Organisation, *, external_id: str | None = None, active: bool = True) -> Clinic:
    external_id = external_id or f"clinic-{next(_numbers)}"
    with _owner(connection):
        new_id = _insert_scope(
            connection,
            """INSERT INTO clinics (platform_id, organisation_id, external_id, name, active)
               VALUES (:platform_id, :organisation_id, :external_id, 'Clinic ' || :external_id, :active) RETURNING id""",
            {"platform_id": of.platform_id, "organisation_id": of.id, "external_id": external_id, "active": active},
        )
    return Clinic(new_id, of.platform_id, of.id, external_id)


def user(
    connection: Connection,
    of: Platform,
    *scopes: Scope,
    external_id: str | None = None,
    name: str | None = None,
    status: str = "active",
) -> User:
    """A user, a member of the platform if active, and a member of each of `scopes`."""
    external_id = external_id or f"user-{next(_numbers)}"
    name = name or f"User {external_id}"
    with _owner(connection):
        new_id = connection.execute(
            text("""
                INSERT INTO users (platform_id, external_id, name, email, status)
                VALUES (:platform_id, :external_id, :name, 'user@example.org', :status) RETURNING id
            """),
            {"platform_id": of.id, "external_id": external_id, "name": name, "status": status},
        ).scalar_one()
    made = User(new_id, of.id, external_id, name, status)
    if status == "active":
        _join(connection, made, of, "member")
    for scope in scopes:
        member(connection, made, scope)
    return made


def member(connection: Connection, who: User, of: Scope) -> None:
    """`who` belongs to `of` from now on."""
    _join(connection, who, of, "member")


def administrator(connection: Connection, who: User, of: Scope) -> None:
    """`who` administers `of` from now on."""
    _join(connection, who, of, "administrator")


def leave(connection: Connection, who: User, of: Scope) -> None:
    """`who` no longer belongs to `of`. (Everyone who is active belongs to the platform: use `set_status` for that.)"""
    with _owner(connection):
        version = raise_version(connection, who.platform_id)
        _end(connection, who, version, of.id)
        _recount(connection, who.platform_id)


def set_status(connection: Connection, who: User, status: str) -> None:
    """Makes `who` active, pending or disabled. Whoever is not active belongs nowhere; who is made active, to the platform."""
    with _owner(connection):
        connection.execute(
            text("UPDATE users SET status = :status WHERE id = :user_id"), {"status": status, "user_id": who.id}
        )
        version = raise_version(connection, who.platform_id)
        if status != "active":
            _end(connection, who, version, None)
        _recount(connection, who.platform_id)
    if status == "active":
        _join(connection, who, Platform(who.platform_id, ""), "member")


def raise_version(connection: Connection, platform_id: int) -> int:
    """The platform's new directory version."""
    with _owner(connection):
        return int(
            connection.execute(
                text("""
                    UPDATE platforms SET directory_version = directory_version + 1
                    WHERE id = :platform_id RETURNING directory_version
                """),
                {"platform_id": platform_id},
            ).scalar_one()
        )


def token(
    who: User | str,
    of: Platform | str,
    *,
    secret: str = SECRET,
    ttl: float = 3600,
    **claims: object,
) -> str:
    """An HS256 token for a user of a platform. `claims` go over the usual ones; None leaves one out."""
    usual: dict[str, object] = {
        "sub": who.external_id if isinstance(who, User) else who,
        "platform": of.key if isinstance(of, Platform) else of,
        "aud": "message-hub",
        "exp": int(time.time() + ttl),
    }
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(kept, secret, algorithm="HS256")


def bearer(who: User | str, of: Platform | str) -> dict[str, str]:
    """The header that goes with a request of this user."""
    return {"Authorization": f"Bearer {token(who, of)}"}


@contextlib.contextmanager
def _owner(connection: Connection) -> Iterator[None]:
    """Lets a few statements run as the schema's owner, whatever role the connection acts as."""
    role = connection.execute(text("SELECT current_setting('role')")).scalar_one()
    connection.execute(text("SET LOCAL ROLE NONE"))
    yield
    connection.execute(text(f'SET LOCAL ROLE "{role}"' if role != "none" else "SET LOCAL ROLE NONE"))


def _insert_scope(connection: Connection, insert: str, values: dict[str, object]) -> int:
    raise_version(connection, int(str(values["platform_id"])))
    return int(
        connection.execute(
            text(f"""
                WITH made AS ({insert}), counted AS (
                    INSERT INTO scope_user_counts (scope_id, platform_id, user_count) SELECT id, :platform_id, 0 FROM made
                )
                SELECT id FROM made
            """),
            values,
        ).scalar_one()
    )


def _join(connection: Connection, who: User, scope: Scope, role: str) -> None:
    organisation_id = {
        "platform": None,
        "organisation": scope.id,
        "clinic": getattr(scope, "organisation_id", None),
    }[scope.level]
    with _owner(connection):
        version = raise_version(connection, who.platform_id)
        _end(connection, who, version, scope.id)
        connection.execute(
            text("""
                INSERT INTO memberships
                    (user_id, scope_id, valid_from_version, platform_id, organisation_id, clinic_id, level, role)
                VALUES (:user_id, :scope_id, :version, :platform_id, :organisation_id, :clinic_id,
                        CAST(:level AS scope_level), :role)
            """),
            {
                "user_id": who.id,
                "scope_id": scope.id,
                "version": version,
                "platform_id": who.platform_id,
                "organisation_id": organisation_id,
                "clinic_id": scope.id if scope.level == "clinic" else None,
                "level": scope.level,
                "role": role,
            },
        )
        _recount(connection, who.platform_id)


def _end(connection: Connection, who: User, version: int, scope_id: int | None) -> None:
    connection.execute(
        text("""
            UPDATE memberships SET valid_to_version = :version
            WHERE user_id = :user_id AND valid_to_version IS NULL
              AND (CAST(:scope_id AS bigint) IS NULL OR scope_id = :scope_id)
        """),
        {"version": version, "user_id": who.id, "scope_id": scope_id},
    )


def _recount(connection: Connection, platform_id: int) -> None:
    connection.execute(
        text("""
            UPDATE scope_user_counts c SET user_count = (
                SELECT count(DISTINCT m.user_id) FROM memberships m
                WHERE m.valid_to_version IS NULL AND m.platform_id = :platform_id
                  AND c.scope_id IN (m.scope_id, m.organisation_id)
            )
            WHERE c.platform_id = :platform_id
        """),
        {"platform_id": platform_id},
    )
