"""Fills a hub with years of messages as real life would leave them: entries over 24 past months and this one, most seen, many read.

Straight in SQL, through the schema's own function for partitions. `readers` are people with inboxes of other lengths, who joined after
the messages to everyone. `in_flight` adds messages that nobody has written yet.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy
from sqlalchemy import Engine

from benchmarks import hub as hubs
from benchmarks import seed

EACH = 30
LENGTHS = (10, 300, 3_000)
READERS = 20
_MONTHS = 24
_CONNECTIONS = 2

_PARTITIONS = f"""
    SELECT create_inbox_partitions((date_trunc('month', now() AT TIME ZONE 'UTC') - m * interval '1 month')::date)
    FROM generate_series(0, {_MONTHS}) m
"""
# In the middle of their months, the last one in the middle of what has passed of this month; every month has at least one.
_MESSAGES = f"""
    INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash, created_at, sent_at,
                          status, recipient_count, completed_at)
    SELECT uuidv7(), p.id, u.id, 'Message ' || n, repeat('A notice of about three hundred characters. ', 7), 1, 'bench', '',
           t.at, t.at, 'sent', :users, t.at
    FROM platforms p JOIN users u ON u.platform_id = p.id AND u.external_id = 'administrator',
         generate_series(0, :count - 1) n,
         LATERAL (SELECT date_trunc('month', now(), 'UTC') - interval '{_MONTHS} months' AS first) f,
         LATERAL (SELECT f.first + ((n + 0.5) / :count) * (now() - f.first) + :shift * interval '1 microsecond' AS at) t
    WHERE p.id = :platform_id
    RETURNING id
"""
_TARGETS = """
    INSERT INTO message_targets (message_id, position, level, scope_id)
    SELECT id, 1, 'platform', platform_id FROM messages WHERE id = ANY(:ids)
"""
_VISIBILITY = """
    INSERT INTO message_visibility (scope_id, sent_at, message_id, is_target)
    SELECT platform_id, sent_at, id, true FROM messages WHERE id = ANY(:ids)
"""
_ENTRIES = """
    INSERT INTO inbox_entries (user_id, sent_at, message_id)
    SELECT u.user_id, m.sent_at, m.id
    FROM messages m JOIN memberships u ON u.platform_id = m.platform_id AND u.level = 'platform' AND u.valid_from_version = 1
    WHERE m.id = :id ORDER BY u.user_id
"""
# Nine of ten have seen it, two of three have read it, one of fifty has put it away.
_STATES = """
    INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, archived_at)
    SELECT e.user_id, e.sent_at, e.message_id, e.sent_at + interval '1 day',
           CASE WHEN d.dice < 66 THEN e.sent_at + interval '2 days' END,
           CASE WHEN d.dice < 2 THEN e.sent_at + interval '3 days' END
    FROM inbox_entries e JOIN messages m ON m.sent_at = e.sent_at AND m.id = e.message_id,
         LATERAL (SELECT abs(hashtextextended(e.message_id::text, e.user_id) % 100) AS dice) d
    WHERE m.id = ANY(:ids) AND d.dice < 90 ORDER BY e.user_id, e.sent_at
"""
# Everyone has at some time done something with their inbox.
_REVISIONS = """
    INSERT INTO inbox_revisions (user_id, revision) SELECT id, 1 FROM users WHERE platform_id = :platform_id ORDER BY id
"""
_READERS = f"""
    WITH person AS (
        INSERT INTO users (platform_id, external_id, name, email, status)
        SELECT :platform_id, 'r' || length || '-' || n, 'Reader ' || n, '', 'active'
        FROM unnest(CAST(:lengths AS integer[])) length, generate_series(0, {READERS - 1}) n
        RETURNING id
    ), clinic AS (SELECT id, organisation_id FROM clinics WHERE platform_id = :platform_id AND external_id = 'o0-c0')
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, organisation_id, clinic_id, level, role)
    SELECT p.id, :platform_id, 2, :platform_id, NULL, NULL, 'platform'::scope_level, 'member' FROM person p
    UNION ALL
    SELECT p.id, c.id, 2, :platform_id, c.organisation_id, c.id, 'clinic', 'member' FROM person p, clinic c
"""
_READERS_ENTRIES = """
    INSERT INTO inbox_entries (user_id, sent_at, message_id)
    SELECT u.id, m.sent_at, m.id
    FROM (SELECT id, sent_at, row_number() OVER (ORDER BY sent_at DESC) - 1 AS n FROM messages WHERE id = ANY(:ids)) m
    JOIN users u ON u.platform_id = :platform_id AND u.external_id LIKE 'r' || :length || '-%'
    WHERE m.n % (:most / :length) = 0 ORDER BY m.sent_at, u.id
"""
_IN_FLIGHT = """
    WITH scope AS (
        SELECT id, level, organisation_id, row_number() OVER (PARTITION BY level ORDER BY id) - 1 AS n,
               count(*) OVER (PARTITION BY level) AS of
        FROM (SELECT id, 'platform'::scope_level AS level, NULL::bigint AS organisation_id FROM platforms WHERE id = :platform_id
              UNION ALL SELECT id, 'organisation', id FROM organisations WHERE platform_id = :platform_id
              UNION ALL SELECT id, 'clinic', organisation_id FROM clinics WHERE platform_id = :platform_id) s
    ), wanted AS (
        SELECT n, CASE WHEN n % 250 = 0 THEN 'platform' WHEN n % 3 = 0 THEN 'organisation' ELSE 'clinic' END::scope_level AS level
        FROM generate_series(0, :count - 1) n
    ), message AS (
        INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash, created_at, sent_at)
        SELECT uuidv7(), p.id, u.id, 'In flight', n::text, p.directory_version, 'bench', '', now(), now() + n * interval '1 microsecond'
        FROM platforms p JOIN users u ON u.platform_id = p.id AND u.external_id = 'administrator', generate_series(0, :count - 1) n
        WHERE p.id = :platform_id RETURNING id, sent_at, body
    ), target AS (
        SELECT m.id AS message_id, m.sent_at, s.id AS scope_id, s.level, s.organisation_id
        FROM message m JOIN wanted w ON w.n = m.body::integer JOIN scope s ON s.level = w.level AND s.n = w.n % s.of
    ), targets AS (
        INSERT INTO message_targets (message_id, position, level, scope_id, organisation_id)
        SELECT message_id, 1, level, scope_id, CASE level WHEN 'clinic' THEN organisation_id END FROM target
    ), visibility AS (
        INSERT INTO message_visibility (scope_id, sent_at, message_id, is_target)
        SELECT scope_id, sent_at, message_id, true FROM target
    )
    INSERT INTO inflight_targets (scope_id, message_id) SELECT scope_id, message_id FROM target
"""


def fill(hub: hubs.Hub, platform: seed.Platform) -> None:
    """Thirty messages for everyone of the platform, and readers."""
    with hub.engine.begin() as connection:
        connection.execute(sqlalchemy.text(_PARTITIONS))
    ids = _messages(hub.engine, platform, EACH, shift=0)
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(lambda one: _write(hub.engine, one), ids):
            pass  # raises what went wrong
    _add_readers(hub.engine, platform)
    _execute(hub.engine, _REVISIONS, {"platform_id": platform.id})
    hub.administer("VACUUM (ANALYZE)")
    hub.checkpoint()


def user(length: int, number: int) -> str:
    """The external id of a reader with that many entries."""
    return f"r{length}-{number % READERS}"


def in_flight(hub: hubs.Hub, platform: seed.Platform, count: int) -> None:
    """That many messages that no worker has begun: to everyone (1 in 250), to organisations (a third), to clinics."""
    _execute(hub.engine, _IN_FLIGHT, {"platform_id": platform.id, "count": count})
    hub.administer("VACUUM (ANALYZE) messages, message_targets, message_visibility, inflight_targets")


def forget_entries(hub: hubs.Hub, message_id: str) -> None:
    """Takes one message's entries out of this month's partition, by writing all others anew: a DELETE would leave its traces."""
    with hub.engine.begin() as connection:
        month = connection.exec_driver_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").scalar_one()
        partition = f"inbox_entries_{month}"
        kept = f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {partition} WHERE message_id <> :id"
        connection.execute(sqlalchemy.text(kept), {"id": message_id})
        connection.exec_driver_sql(f"TRUNCATE {partition}")
        connection.exec_driver_sql(f"INSERT INTO {partition} SELECT * FROM kept ORDER BY sent_at, user_id")
    hub.administer(f"VACUUM (ANALYZE) {partition}")


def _write(engine: Engine, message_id: object) -> None:
    _execute(engine, _ENTRIES, {"id": message_id})
    _execute(engine, _STATES, {"ids": [message_id]})


def _add_readers(engine: Engine, platform: seed.Platform) -> None:
    platform_id = {"platform_id": platform.id}
    _execute(engine, "UPDATE platforms SET directory_version = 2 WHERE id = :platform_id", platform_id)
    _execute(engine, _READERS, {**platform_id, "lengths": list(LENGTHS)})
    ids = _messages(engine, platform, max(LENGTHS), shift=1)
    for length in LENGTHS:
        _execute(engine, _READERS_ENTRIES, {**platform_id, "ids": ids, "length": length, "most": max(LENGTHS)})
    _execute(engine, _STATES, {"ids": ids})


def _messages(engine: Engine, platform: seed.Platform, count: int, *, shift: int) -> list[object]:
    values = {"platform_id": platform.id, "users": platform.users, "count": count, "shift": shift}
    with engine.begin() as connection:
        ids = list(connection.execute(sqlalchemy.text(_MESSAGES), values).scalars())
        for statement in (_TARGETS, _VISIBILITY):
            connection.execute(sqlalchemy.text(statement), {"ids": ids})
    return ids


def _execute(engine: Engine, statement: str, values: Mapping[str, object]) -> None:
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement), values)
