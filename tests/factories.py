"""Makes platforms, organisations, clinics, users and memberships straight in the tables, as few statements as it takes.

Works on any connection, whatever role it acts as. Every call that changes the directory increments the platform's directory_version and
keeps the user counts of its scopes, as the directory itself does.
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
            text(
                "INSERT INTO platforms (key, plan, issuer, jwks_url, categories)"
                " VALUES (:key, :plan, :issuer, :jwks_url, '{service,regulation,feature,other}') RETURNING id"
            ),
            {"key": key, "plan": plan, "issuer": issuer, "jwks_url": jwks_url},
        ).scalar_one()
        connection.execute(
            text("""
                INSERT INTO scopes (id, platform_id, level, external_id, name)
                VALUES (:id, :id, 'platform', CAST(:key AS text), 'Platform ' || :key)
            """),
            {"id": new_id, "key": key},
        )
        connection.execute(
            text("""
                INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id) VALUES (:id, :id, 0, :id)
            """),
            {"id": new_id},
        )
    return Platform(new_id, key)


def organisation(
    connection: Connection, of: Platform, *, external_id: str | None = None, active: bool = True
) -> Organisation:
    external_id = external_id or f"organisation-{next(_numbers)}"
    return Organisation(_insert_scope(connection, of, "organisation", external_id, active), of.id, external_id)


def clinic(connection: Connection, of: Organisation, *, external_id: str | None = None, active: bool = True) -> Clinic:
    external_id = external_id or f"clinic-{next(_numbers)}"
    return Clinic(_insert_scope(connection, of, "clinic", external_id, active), of.platform_id, of.id, external_id)


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
        _join(connection, made, of, "implied")
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
        version = bump_version(connection, who.platform_id)
        _set_roles(connection, who, version, {**_stated(connection, who), of.id: None})


def move(connection: Connection, of: Clinic, to: Organisation) -> None:
    """The clinic and all who belong to it belong to another organisation from now on."""
    with _owner(connection):
        version = bump_version(connection, of.platform_id)
        values = {"scope_id": of.id, "to": to.id, "version": version, "platform_id": of.platform_id}
        for statement in (
            "UPDATE scopes SET parent_id = :to WHERE id = :scope_id",
            """UPDATE scope_ancestors SET valid_to_version = :version
               WHERE scope_id = :scope_id AND valid_to_version IS NULL AND ancestor_id NOT IN (:scope_id, :platform_id, :to)""",
            """INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
               SELECT :scope_id, :to, :version, :platform_id
               WHERE NOT EXISTS (SELECT FROM scope_ancestors a
                                 WHERE a.scope_id = :scope_id AND a.ancestor_id = :to AND a.valid_to_version IS NULL)""",
        ):
            connection.execute(text(statement), values)
        members = connection.execute(
            text("""
                SELECT u.* FROM users u JOIN memberships m ON m.user_id = u.id
                WHERE m.scope_id = :scope_id AND m.valid_to_version IS NULL
            """),
            values,
        ).all()
        for row in members:
            member = User(row.id, row.platform_id, row.external_id, row.name, row.status)
            _set_roles(connection, member, version, _stated(connection, member))


def end_scope(connection: Connection, scope: Scope) -> None:
    """The scope ends, and with it what was stated of it."""
    with _owner(connection):
        version = bump_version(connection, scope.platform_id)
        for statement in (
            "UPDATE scopes SET active = false, user_count = 0 WHERE id = :id",
            "UPDATE scope_ancestors SET valid_to_version = :version WHERE scope_id = :id AND valid_to_version IS NULL",
            "UPDATE memberships SET valid_to_version = :version WHERE scope_id = :id AND valid_to_version IS NULL",
        ):
            connection.execute(text(statement), {"id": scope.id, "version": version})


def set_status(connection: Connection, who: User, status: str) -> None:
    """Makes `who` active, pending or disabled. Whoever is not active belongs nowhere; who is made active, to the platform."""
    with _owner(connection):
        connection.execute(
            text("UPDATE users SET status = :status WHERE id = :user_id"), {"status": status, "user_id": who.id}
        )
        version = bump_version(connection, who.platform_id)
        if status != "active":
            _set_roles(connection, who, version, {}, is_active=False)
    if status == "active":
        _join(connection, who, Platform(who.platform_id, ""), "implied")


def bump_version(connection: Connection, platform_id: int) -> int:
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
    if role == "none":
        yield
        return
    connection.execute(text("SET LOCAL ROLE NONE"))
    yield
    connection.execute(text(f'SET LOCAL ROLE "{role}"'))


def _insert_scope(
    connection: Connection, parent: Platform | Organisation, level: str, external_id: str, active: bool
) -> int:
    """The id of a new scope; an inactive one is inside nothing."""
    with _owner(connection):
        version = bump_version(connection, parent.platform_id)
        new_id = connection.execute(
            text("""
                INSERT INTO scopes (platform_id, parent_id, level, external_id, name, active)
                VALUES (:platform_id, :parent_id, CAST(:level AS scope_level), CAST(:external_id AS text),
                        initcap(CAST(:level AS text)) || ' ' || :external_id, :active)
                RETURNING id
            """),
            {
                "platform_id": parent.platform_id,
                "parent_id": parent.id,
                "level": level,
                "external_id": external_id,
                "active": active,
            },
        ).scalar_one()
        connection.execute(
            text("""
                INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
                SELECT :id, ancestor_id, :version, :platform_id FROM (
                    SELECT ancestor_id FROM scope_ancestors WHERE scope_id = :parent_id AND valid_to_version IS NULL
                    UNION ALL SELECT CAST(:id AS bigint) FROM scope_ancestors
                    WHERE scope_id = :parent_id AND ancestor_id = :parent_id AND valid_to_version IS NULL
                ) AS above
                WHERE :active
            """),
            {
                "id": new_id,
                "version": version,
                "platform_id": parent.platform_id,
                "parent_id": parent.id,
                "active": active,
            },
        )
    return int(new_id)


def _join(connection: Connection, who: User, scope: Scope, role: str) -> None:
    with _owner(connection):
        version = bump_version(connection, who.platform_id)
        _set_roles(connection, who, version, {**_stated(connection, who), scope.id: role})


def _stated(connection: Connection, who: User) -> dict[int, str | None]:
    """The roles that the user has by scope, without the implied ones."""
    rows = connection.execute(
        text("""
            SELECT scope_id, CAST(role AS text) AS role FROM memberships
            WHERE user_id = :user_id AND valid_to_version IS NULL AND role <> 'implied'
        """),
        {"user_id": who.id},
    )
    return {row.scope_id: row.role for row in rows}


def _set_roles(
    connection: Connection, who: User, version: int, stated: dict[int, str | None], *, is_active: bool = True
) -> None:
    """Ends and begins rows so that the user has just these roles (None: not), and implied ones in all that contains the scopes."""
    chosen = {scope_id: role for scope_id, role in stated.items() if role is not None}
    above = connection.execute(
        text("""
            SELECT DISTINCT ancestor_id FROM scope_ancestors
            WHERE scope_id = ANY(CAST(:scope_ids AS bigint[])) AND valid_to_version IS NULL
        """),
        {"scope_ids": list(chosen)},
    ).scalars()
    wanted = {**dict.fromkeys(above, "implied"), **({who.platform_id: "implied"} if is_active else {}), **chosen}
    changed = connection.execute(
        text("""
            WITH wanted (scope_id, role) AS (
                SELECT * FROM unnest(CAST(:scope_ids AS bigint[]), CAST(:roles AS membership_role[]))
            ), ended AS (
                UPDATE memberships m SET valid_to_version = :version
                WHERE m.user_id = :user_id AND m.valid_to_version IS NULL
                  AND NOT EXISTS (SELECT FROM wanted w WHERE w.scope_id = m.scope_id AND w.role = m.role)
                RETURNING m.scope_id
            )
            SELECT w.scope_id, w.role, (SELECT array_agg(scope_id) FROM ended) AS ended
            FROM (VALUES (1)) AS one (row)
            LEFT JOIN wanted w ON NOT EXISTS (
                SELECT FROM memberships m
                WHERE m.user_id = :user_id AND m.valid_to_version IS NULL AND m.scope_id = w.scope_id AND m.role = w.role
            )
        """),
        {
            "scope_ids": list(wanted),
            "roles": list(wanted.values()),
            "version": version,
            "user_id": who.id,
        },
    ).all()
    ended = changed[0].ended or []
    begun = {row.scope_id: row.role for row in changed if row.scope_id is not None}
    connection.execute(
        text("""
            INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
            SELECT :user_id, scope_id, :version, :platform_id, role
            FROM unnest(CAST(:scope_ids AS bigint[]), CAST(:roles AS membership_role[])) AS begun (scope_id, role)
        """),
        {
            "scope_ids": list(begun),
            "roles": list(begun.values()),
            "version": version,
            "user_id": who.id,
            "platform_id": who.platform_id,
        },
    )
    connection.execute(
        text("""
            UPDATE scopes s SET user_count = user_count + (s.id = ANY(CAST(:begun AS bigint[])))::int
                                             - (s.id = ANY(CAST(:ended AS bigint[])))::int
            WHERE s.id = ANY(CAST(:begun AS bigint[])) OR s.id = ANY(CAST(:ended AS bigint[]))
        """),
        {"begun": list(begun), "ended": list(ended)},
    )
