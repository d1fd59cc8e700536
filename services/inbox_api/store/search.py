"""SQL: the messages that fit a search by words and category, where they are few.

If few messages match, they are read from the index of words and checked one by one. If many match, the viewer's history is read from its
newest message instead (store/history.py): a page of matches is found soon.
Measured with 100,000 messages: a page of rare words takes 3 ms, of a word in most messages 20 ms, and with a filter 100 ms.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy
from sqlalchemy import Connection

from services.inbox_api.store import history, visibility
from services.inbox_api.store.visibility import Page
from shared.sent_messages import words

# To check so many takes 10 ms. Among 100,000 messages a page of more frequent words is found after 1,000 messages.
FEW = 2_000

_FIND = sqlalchemy.text(f"""
    SELECT message_id FROM message_words WHERE words @@ {words.QUERY} LIMIT :most
""")

_FOUND = ("m", "id")
_LIST = sqlalchemy.text(f"""
    SELECT m.sent_at, m.id AS message_id FROM messages m
    WHERE m.id = ANY(CAST(:ids AS uuid[])) AND m.platform_id = :platform_id
      AND {visibility.BEFORE.format(*_FOUND)} AND {visibility.MAY_SEE.format(*_FOUND)}
      AND {visibility.reached(":scope_id").format(*_FOUND)} AND {visibility.reached(":also_scope_id").format(*_FOUND)}
    {visibility.NEWEST_FIRST}
""")


def find(connection: Connection, *, platform_id: int, search: words.Search) -> list[uuid.UUID] | None:
    """The platform's messages that fit, in no order; None where there are more than FEW."""
    parameters = {**asdict(search), "platform_id": platform_id, "most": FEW + 1}
    found = list(connection.execute(_FIND, parameters).scalars())
    return found if len(found) <= FEW else None


def list_found(
    connection: Connection, page: Page, *, found: Sequence[uuid.UUID], filters: Sequence[history.Filter]
) -> list[uuid.UUID]:
    """A page of those messages of `found` that reached the scopes of all filters, newest first."""
    scope_id, also_scope_id, *_ = [*(one.scope_id for one in filters), None, None]
    scopes = {"scope_id": scope_id, "also_scope_id": also_scope_id}
    return [row.message_id for row in connection.execute(_LIST, {**page.parameters, **scopes, "ids": list(found)})]
