"""VACUUM and ANALYZE after an import. The only store module whose connection is in autocommit."""

from sqlalchemy import Connection, text

_LIMITS = text("SELECT set_config('statement_timeout', '30min', false), set_config('lock_timeout', '60s', false)")
_RESET = (text("RESET statement_timeout"), text("RESET lock_timeout"))
# TRUNCATE would block readers while it cuts off the empty end of a table.
_VACUUM = text("VACUUM (ANALYZE, TRUNCATE false) scopes, scope_ancestors, users, memberships")


def vacuum(connection: Connection) -> None:
    """Updates the statistics and the visibility map, which plans and index-only scans depend on."""
    connection.execute(_LIMITS)
    try:
        connection.execute(_VACUUM)
    finally:
        for statement in _RESET:
            connection.execute(statement)
