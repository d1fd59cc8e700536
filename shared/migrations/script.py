"""Runs a script of several SQL statements inside a revision's transaction."""

from alembic import op


def run(statements: str) -> None:
    """Executes `statements` as they stand: no parameters, `%` and `:` mean themselves."""
    op.get_bind().connection.cursor().execute(statements)
