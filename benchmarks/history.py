"""Fills a hub with years of messages: entries over 24 past months and this one, most seen, many read.

A message is accepted by the API without workers, then copied, moved into the past and given its entries in SQL. `readers` are people
with inboxes of other lengths. `in_flight` adds messages that no worker has begun.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy

from benchmarks import hub as hubs
from benchmarks import seed

EACH = 30
LENGTHS = (10, 300, 3_000)
READERS = 20
_MONTHS = 24
_BODY = "A notice of about three hundred characters. " * 7

# Every column is copied; no column is named here. Each copy of a message is a microsecond newer than the one before.
_COPY = """
    INSERT INTO messages
    SELECT (jsonb_populate_record(m, jsonb_build_object('id', uuidv7(), 'sent_at', m.sent_at + n * interval '1 microsecond'))).*
    FROM messages m, generate_series(1, :count) n WHERE m.id = :id RETURNING id
"""
_COPY_ROWS = """
    INSERT INTO {table}
    SELECT (jsonb_populate_record(t, jsonb_build_object('message_id', m.id, 'sent_at', m.sent_at))).*
    FROM {table} t, messages m WHERE t.message_id = :id AND m.id = ANY(CAST(:ids AS uuid[]))
"""
_COPIED = ("message_targets", "message_visibility", "message_words", "inflight_targets")

_PARTITIONS = f"""
    SELECT create_inbox_partitions((date_trunc('month', now() AT TIME ZONE 'UTC') - m * interval '1 month')::date)
    FROM generate_series(0, {_MONTHS}) m
"""
# Evenly over the months; `shift` keeps two series of messages apart.
_MOVE = f"""
    UPDATE messages SET sent_at = at, created_at = at, completed_at = at, status = 'sent', recipient_count = :users
    FROM (SELECT id AS moved, first + ((n - 0.5) / :count) * (now() - first) + :shift * interval '1 microsecond' AS at
          FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM messages WHERE id = ANY(CAST(:ids AS uuid[]))) numbered,
               (SELECT date_trunc('month', now(), 'UTC') - interval '{_MONTHS} months' AS first) begun) moves
    WHERE id = moved
"""
_MOVE_VISIBILITY = """
    UPDATE message_visibility v SET sent_at = m.sent_at FROM messages m WHERE m.id = v.message_id
"""
_ENTRIES = """
    INSERT INTO inbox_entries (user_id, sent_at, message_id)
    SELECT u.id, m.sent_at, m.id FROM messages m JOIN users u ON u.platform_id = m.platform_id
    WHERE m.id = ANY(CAST(:ids AS uuid[])) AND u.external_id LIKE :people ORDER BY m.sent_at, u.id
"""
# Nine of ten have seen it, two of three have read it, one of fifty has archived it.
_STATES = """
    INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at, archived_at)
    SELECT user_id, sent_at, message_id, sent_at + interval '1 day',
           CASE WHEN dice < 66 THEN sent_at + interval '2 days' END, CASE WHEN dice < 66 THEN sent_at + interval '2 days' END,
           CASE WHEN dice < 2 THEN sent_at + interval '3 days' END
    FROM (SELECT *, abs(hashtextextended(message_id::text, user_id) % 100) AS dice FROM inbox_entries) e
    WHERE message_id = ANY(CAST(:ids AS uuid[])) AND dice < 90 ORDER BY user_id, sent_at
"""
_REVISIONS = (
    "INSERT INTO inbox_revisions (user_id, revision) SELECT id, 1 FROM users ORDER BY id ON CONFLICT DO NOTHING"
)


def readers() -> list[str]:
    return [user(length, number) for length in LENGTHS for number in range(READERS)]


def user(length: int, number: int) -> str:
    """The id of a reader with that many entries."""
    return f"r{length}-{number % READERS}"


def fill(hub: hubs.Hub, platform: seed.Platform) -> None:
    """Thirty messages for everyone of the platform, more for its readers. No worker may run."""
    _execute(hub, _PARTITIONS)
    ids = _past(hub, platform, EACH, shift=0)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: _write(hub, [one], "u%"), ids))
    ids = _past(hub, platform, max(LENGTHS), shift=1)
    for length in LENGTHS:
        _write(hub, ids[:: max(LENGTHS) // length], f"r{length}-%", states=False)
    _execute(hub, _STATES, ids=ids)
    _execute(hub, _REVISIONS)
    hub.administer("DELETE FROM inflight_targets", "VACUUM (ANALYZE)")
    hub.checkpoint()


def in_flight(hub: hubs.Hub, platform: seed.Platform, count: int) -> None:
    """Messages to everyone (1 in 250), to organisations (a third) and to clinics. No worker may run."""
    organisations = [{"organisations": [f"o{number}"]} for number in range(seed.ORGANISATIONS)]
    clinics = [{"clinics": [platform.clinic(number)]} for number in range(0, platform.clinics, 3)]
    for audiences, wanted in (([hubs.EVERYONE], count // 250), (organisations, count // 3), (clinics, count * 2 // 3)):
        for audience in audiences:
            _post(hub, platform, max(1, wanted // len(audiences)), audience)
    hub.administer("VACUUM (ANALYZE) messages, message_targets, message_visibility, message_words, inflight_targets")


def forget_entries(hub: hubs.Hub, message_id: str) -> None:
    """Removes one message's entries from this month's partition by rewriting the partition: a DELETE would leave dead rows."""
    with hub.engine.begin() as connection:
        month = connection.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").scalar_one()
        partition = f"inbox_entries_{month}"
        kept = f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {partition} WHERE message_id <> :id"
        connection.execute(sqlalchemy.text(kept), {"id": message_id})
        connection.exec_driver_sql(f"TRUNCATE {partition}")
        connection.exec_driver_sql(f"INSERT INTO {partition} SELECT * FROM kept ORDER BY sent_at, user_id")
    hub.administer(f"VACUUM (ANALYZE) {partition}")


def _past(hub: hubs.Hub, platform: seed.Platform, count: int, *, shift: int) -> list[str]:
    """The ids of that many messages to everyone, oldest first."""
    ids = _post(hub, platform, count, hubs.EVERYONE)
    _execute(hub, _MOVE, ids=ids, users=platform.users, count=count, shift=shift)
    _execute(hub, _MOVE_VISIBILITY)
    return ids


def _post(hub: hubs.Hub, platform: seed.Platform, count: int, audience: dict[str, Any]) -> list[str]:
    """The ids of a message and its copies, oldest first."""
    message_id = hub.post(platform.key, audience, body=_BODY)
    with hub.engine.begin() as connection:
        copies = connection.execute(sqlalchemy.text(_COPY), {"id": message_id, "count": count - 1}).scalars()
        ids = [message_id, *sorted(str(one) for one in copies)]
        for table in _COPIED:
            connection.execute(sqlalchemy.text(_COPY_ROWS.format(table=table)), {"id": message_id, "ids": ids[1:]})
    return ids


def _write(hub: hubs.Hub, ids: Sequence[str], people: str, *, states: bool = True) -> None:
    _execute(hub, _ENTRIES, ids=list(ids), people=people)
    if states:
        _execute(hub, _STATES, ids=list(ids))


def _execute(hub: hubs.Hub, statement: str, **values: object) -> None:
    with hub.engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement), values)
