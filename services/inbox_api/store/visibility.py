"""SQL: conditions on the messages of the sent history, and their parameters.

Each condition is a template of a row's alias in the statement and the name of its column with the message's id; the row has the
message's sent_at too.
"""

# ruff: noqa: S608 (only constants are put into statements)

from dataclasses import asdict, dataclass

from services.inbox_api import cursor
from shared import versions
from shared.sent_messages import store as sent_messages
from shared.sent_messages import words


@dataclass(frozen=True)
class Page:
    """What is wanted of the history: at most `limit` messages that the viewer may see, older than `before`, that fit the search."""

    viewer: sent_messages.Viewer
    limit: int
    before: cursor.Position | None
    search: words.Search

    @property
    def parameters(self) -> dict[str, object]:
        begin = self.before or cursor.NEWEST
        return {
            "user_id": self.viewer.user_id,
            "platform_id": self.viewer.platform_id,
            "administered": list(self.viewer.administered),
            "before_sent_at": begin.sent_at,
            "before_id": begin.message_id,
            "limit": self.limit,
            **asdict(self.search),
        }


BEFORE = "({0}.sent_at, {0}.{1}) < (CAST(:before_sent_at AS timestamptz), CAST(:before_id AS uuid))"
ADMINISTERED = "unnest(CAST(:administered AS bigint[]))"
NEWEST_FIRST = "ORDER BY sent_at DESC, message_id DESC LIMIT :limit"

# OFFSET 0 keeps the planner from reading all that a viewer may ever see in order to look up a few.
MAY_SEE = f"""
    (EXISTS (SELECT FROM {ADMINISTERED} AS _own (scope_id) JOIN message_visibility _x ON _x.scope_id = _own.scope_id
             WHERE _x.sent_at = {{0}}.sent_at AND _x.message_id = {{0}}.{{1}} OFFSET 0)
     OR EXISTS (SELECT FROM messages _x WHERE _x.id = {{0}}.{{1}} AND _x.sender_id = :user_id OFFSET 0))"""

FITS_SEARCH = f"""
    (CAST(:words AS text) IS NULL AND CAST(:category AS text) IS NULL
     OR EXISTS (SELECT FROM message_words _x WHERE _x.message_id = {{0}}.{{1}} AND _x.words @@ {words.QUERY} OFFSET 0))"""


def reached(scope_id: str) -> str:
    """The message reached the scope, or the scope (an expression) is null.

    What reached a scope was addressed to it or to a scope inside it (all its rows), or to a scope that contained it in the message's
    directory version (that scope's targets).
    """
    return f"""
    (CAST({scope_id} AS bigint) IS NULL
     OR EXISTS (SELECT FROM message_visibility _x
                WHERE _x.scope_id = {scope_id} AND _x.sent_at = {{0}}.sent_at AND _x.message_id = {{0}}.{{1}} OFFSET 0)
     OR EXISTS (SELECT FROM message_visibility _x JOIN scope_ancestors _a ON _a.ancestor_id = _x.scope_id
                WHERE _a.scope_id = {scope_id} AND _x.is_target AND _x.sent_at = {{0}}.sent_at AND _x.message_id = {{0}}.{{1}}
                  AND {versions.valid_at("_a", "_x.directory_version")} OFFSET 0))"""
