"""Single scopes of a platform's tree, and what changes with one. An import changes the whole tree (scopes.py)."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.directory.provisioned import ScopeState
from services.directory.store import scopes

_FIND = text("""
    SELECT s.id, s.name, s.active, s.parent_id, parent.external_id AS parent
    FROM scopes s LEFT JOIN scopes parent ON parent.id = s.parent_id
    WHERE s.platform_id = :platform_id AND s.level = CAST(:level AS scope_level) AND s.external_id = :external_id
""")
_PUT = text("""
    INSERT INTO scopes (platform_id, parent_id, level, external_id, name, active)
    VALUES (:platform_id, :parent_id, CAST(:level AS scope_level), :external_id, :name, :active)
    ON CONFLICT (platform_id, level, external_id)
        DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name, active = excluded.active
    RETURNING id
""")
_LIST_INSIDE = text("""
    WITH RECURSIVE subtree AS (
        SELECT id FROM scopes WHERE id = :scope_id
        UNION ALL
        SELECT s.id FROM subtree t JOIN scopes s ON s.parent_id = t.id
    )
    SELECT id FROM subtree ORDER BY id
""")
_PLAN = text(f"""
    WITH RECURSIVE {scopes.INSIDE}, desired AS (
        SELECT scope_id, unnest(path) AS ancestor_id FROM inside WHERE scope_id = ANY(:scope_ids)
    ), current AS (
        SELECT scope_id, ancestor_id FROM scope_ancestors WHERE scope_id = ANY(:scope_ids) AND valid_to_version IS NULL
    )
    SELECT coalesce(c.scope_id, d.scope_id) AS scope_id, coalesce(c.ancestor_id, d.ancestor_id) AS ancestor_id,
           d.scope_id IS NOT NULL AS begins
    FROM current c FULL JOIN desired d ON d.scope_id = c.scope_id AND d.ancestor_id = c.ancestor_id
    WHERE c.scope_id IS NULL OR d.scope_id IS NULL
    ORDER BY 1, 2
""")  # noqa: S608 (a constant)
_END = text("""
    UPDATE scope_ancestors a SET valid_to_version = :version
    FROM unnest(CAST(:scope_ids AS bigint[]), CAST(:ancestor_ids AS bigint[])) AS e (scope_id, ancestor_id)
    WHERE a.scope_id = e.scope_id AND a.ancestor_id = e.ancestor_id AND a.valid_to_version IS NULL
""")
_BEGIN = text("""
    INSERT INTO scope_ancestors (scope_id, ancestor_id, valid_from_version, platform_id)
    SELECT b.scope_id, b.ancestor_id, :version, :platform_id
    FROM unnest(CAST(:scope_ids AS bigint[]), CAST(:ancestor_ids AS bigint[])) AS b (scope_id, ancestor_id)
    ORDER BY b.scope_id, b.ancestor_id
""")


@dataclass(frozen=True)
class Scope:
    """`parent`: the parent's external id."""

    id: int
    name: str
    active: bool
    parent_id: int | None
    parent: str | None


def find_scope(connection: Connection, *, platform_id: int, level: str, external_id: str) -> Scope | None:
    values = {"platform_id": platform_id, "level": level, "external_id": external_id}
    row = connection.execute(_FIND, values).one_or_none()
    return Scope(**row._mapping) if row else None


def put_scope(connection: Connection, *, platform_id: int, parent_id: int, scope: ScopeState) -> int:
    """Inserts or updates the scope; returns its id."""
    values = {
        "platform_id": platform_id,
        "parent_id": parent_id,
        "level": scope.level,
        "external_id": scope.external_id,
        "name": scope.name,
        "active": scope.active,
    }
    return int(connection.execute(_PUT, values).scalar_one())


def list_inside(connection: Connection, *, scope_id: int) -> list[int]:
    """The scope and all scopes inside it, active or not."""
    return list(connection.execute(_LIST_INSIDE, {"scope_id": scope_id}).scalars())


def update_ancestors(connection: Connection, *, platform_id: int, scope_ids: list[int], version: int) -> None:
    """Ends and begins the ancestors of these scopes in `version`, by what the tree is now."""
    rows = connection.execute(_PLAN, {"platform_id": platform_id, "scope_ids": scope_ids}).all()
    for begins, statement in ((False, _END), (True, _BEGIN)):
        chosen = [row for row in rows if row.begins == begins]
        if chosen:
            values = {
                "scope_ids": [row.scope_id for row in chosen],
                "ancestor_ids": [row.ancestor_id for row in chosen],
                "version": version,
            }
            connection.execute(statement, values if not begins else {**values, "platform_id": platform_id})
