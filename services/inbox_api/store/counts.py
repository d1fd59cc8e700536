"""SQL: the counts of a user's inbox (`relation`), alone and in other statements, in two forms.

Most platforms ask for no acknowledgement. Their statements look nothing up about it, which takes 0.07 of the time of the counts. Which form
is right is known with the caller (`readers`), and checked in the statement's own snapshot.
"""

# ruff: noqa: S608 (only constants are put into statements)

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.inbox_api.store import notifications, relation
from services.inbox_api.store.notifications import Driver
from shared import db


@dataclass(frozen=True)
class Counts:
    unread_count: int
    unseen_count: int
    to_acknowledge_count: int


IS_ASKED = "i.sent_at IN (SELECT sent_at FROM asking)"
# Unread: all rows less those read or archived, each counted by one index-only scan; to acknowledge likewise. Both leave hidden messages
# out: a state may belong to a message that was recalled, even before its entry was written.
_CTE = """
    {hidden}, {asking}, counts AS (
        SELECT entries.n + unwritten.n - done.not_unread AS unread_count,
               entries.n + unwritten.n - done.not_unseen AS unseen_count, {to_acknowledge}
        FROM (SELECT count(*) AS n{asked} FROM inbox_entries i WHERE i.user_id = :user_id AND {not_hidden}) AS entries,
             (SELECT count(*) AS n{asked} FROM inflight i
              WHERE NOT EXISTS (SELECT FROM inbox_entries e
                                WHERE e.user_id = :user_id AND e.sent_at = i.sent_at AND e.message_id = i.message_id OFFSET 0)
             ) AS unwritten,
             (SELECT count(coalesce(i.read_at, i.archived_at)) AS not_unread,
                     count(coalesce(i.seen_at, i.archived_at)) AS not_unseen{states}
              FROM inbox_states i WHERE i.user_id = :user_id AND {not_hidden}) AS done
    )"""
_ASKS_NOTHING = {
    "to_acknowledge": "0 AS to_acknowledge_count, EXISTS (SELECT FROM asking) AS asks",
    "asked": "",
    "states": "",
}
# `asked` and `states` are for lists: the times of what is asked of the user, and the user's states of them.
_ASKS = {
    "to_acknowledge": """
        coalesce(cardinality(entries.asked || unwritten.asked), 0) - done.acknowledged AS to_acknowledge_count, true AS asks,
        entries.asked || unwritten.asked AS asked, done.states""",
    "asked": f", array_agg(i.sent_at) FILTER (WHERE {IS_ASKED}) AS asked",
    "states": f""",
        count(*) FILTER (WHERE i.acknowledged_at IS NOT NULL AND {IS_ASKED}) AS acknowledged,
        array_agg(ARRAY[i.sent_at, i.seen_at, i.read_at, i.archived_at, i.acknowledged_at]) FILTER (WHERE {IS_ASKED}) AS states""",
}
# Of the CTE as `c`.
COLUMNS = "c.unread_count, c.unseen_count, c.to_acknowledge_count, c.asks"


def cte(*, asks: bool) -> str:
    """The CTE `counts`, after `relation.INFLIGHT`. `asks` among its columns: the platform asks for acknowledgements."""
    return _CTE.format(
        hidden=relation.HIDDEN,
        asking=relation.ASKING,
        not_hidden=relation.NOT_HIDDEN,
        **(_ASKS if asks else _ASKS_NOTHING),
    )


_GET = [
    db.driver_sql(f"WITH {relation.INFLIGHT}, {cte(asks=asks)} SELECT {COLUMNS} FROM counts c")
    for asks in (False, True)
]


def get(connection: Driver, *, user_id: int, platform_id: int, asks: bool = True) -> Counts:
    return read(ask(connection, _GET, asks=asks, user_id=user_id, platform_id=platform_id))


def ask(connection: Driver, statements: Sequence[str], *, asks: bool, **values: object) -> Sequence[Any]:
    """The rows of the form of a statement that fits. `statements`: without and with `asks`; `asks`: as far as the caller knows."""
    found = notifications.ask(connection, statements[asks], **values)
    return notifications.ask(connection, statements[True], **values) if found[0].asks and not asks else found


def read(found: Sequence[Any]) -> Counts:
    """Every row carries them; where nothing was found, one row that carries nothing else."""
    return Counts(found[0].unread_count, found[0].unseen_count, found[0].to_acknowledge_count)
