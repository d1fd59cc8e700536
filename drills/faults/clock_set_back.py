"""PostgreSQL's clock is set back by hours: nothing is accepted, what was accepted is delivered, and sending goes on once it is right.

The clock stays and the stored times are moved ahead, which looks the same from the database.
"""

import re
from functools import partial

import httpx

from drills import database, platforms
from drills.posts import Post
from drills.processes import has_come
from drills.scenario import Scenario
from shared import contracts, redis_client

_DELIVERED_S = 60.0
_LOCK = """
    LOCK TABLE fanout_batches, messages, message_visibility, followed_messages, inbox_entries, inbox_states, fanout_counters, known_time
    IN ACCESS EXCLUSIVE MODE
"""
# The messages of a platform from a certain one on, newest included.
_THESE = """
    CREATE TEMPORARY TABLE these ON COMMIT DROP AS
    SELECT m.id, first.platform_id, first.sent_at AS since
    FROM messages m JOIN messages first ON m.platform_id = first.platform_id AND m.sent_at >= first.sent_at
    WHERE first.id = '{message_id}'
"""
_COLUMNS = {
    "messages": ("id", "created_at", "sent_at", "recalled_at", "completed_at", "expand_published_at"),
    "message_visibility": ("message_id", "sent_at"),
    "inbox_entries": ("message_id", "sent_at"),
    "inbox_states": ("message_id", "sent_at"),
    "fanout_batches": ("message_id", "published_at", "delivered_at"),
}
# These may belong to an earlier message: a state changes at a time not before the newest message.
_FROM_THEN_ON = (
    *(("inbox_states", name) for name in ("seen_at", "read_at", "archived_at", "first_read_at")),
    *(("followed_messages", name) for name in ("earlier_sent_at", "accepted_at")),
)
_MOVE_FROM_THEN_ON = """
    UPDATE {table} AS moved SET {name} = moved.{name} + {interval}
    FROM messages m JOIN (SELECT DISTINCT platform_id, since FROM these) AS t ON t.platform_id = m.platform_id
    WHERE m.id = moved.message_id AND moved.{name} >= t.since
"""


def drill(scenario: Scenario) -> None:
    faults = (partial(set_back, platform=key) for key in (platforms.LARGE, *scenario.platforms))
    scenario.inject(*faults, least=0.2, most=1.0)


def set_back(scenario: Scenario, platform: str) -> None:
    """The clock goes back while the newest message waits and its task is lost."""
    hours = scenario.rng.uniform(1.0, 20.0)
    with scenario.hub.paused(*scenario.hub.running_workers):
        waiting = scenario.post(platform)
        with redis_client.make(scenario.hub.environment["HUB_REDIS_URL"]) as client:
            has_come(lambda: client.llen(contracts.EXPAND_QUEUE) > 0, seconds=5, every=0.01)
            client.delete(contracts.EXPAND_QUEUE, contracts.DELIVER_QUEUE)
    _move(scenario, waiting, f"{hours} hours")
    try:
        _check_refused(scenario, platform)
        delivered = has_come(lambda: _status(scenario, waiting) == "sent", seconds=_DELIVERED_S, every=0.1)
        scenario.check(delivered, "fan-outs need no clock", f'"{waiting.title}" is not sent after {_DELIVERED_S:.0f} s')
        scenario.check(scenario.load.recall(waiting) == 200, "recalls need no clock", "a recall is refused")
    finally:
        _move(scenario, waiting, f"-{hours} hours")
    scenario.post(platform)
    scenario.note(f"clock set back, {platform}")


def _check_refused(scenario: Scenario, platform: str) -> None:
    attempt = scenario.load.attempt(refused := scenario.draft(platform))
    scenario.check(attempt.status == 503, "no time is ahead", f'"{refused.title}" was answered {attempt.status}')
    text = httpx.get(f"{scenario.hub.apis.compose_url}/metrics", timeout=10).text
    shown = re.search(r"^message_hub_platforms_refused ([1-9][\d.]*)$", text, re.MULTILINE)
    scenario.check(shown is not None, "a wrong clock is visible", "the metric does not show it")


def _status(scenario: Scenario, post: Post) -> str:
    with scenario.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT status FROM messages WHERE id = %s", (post.message_id,))
        return str(found.scalar_one())


def _move(scenario: Scenario, first: Post, by: str) -> None:
    """Moves the times of `first` and of the later messages of its platform, and those of the sweeps."""
    interval = f"interval '{by}'"
    moved = [
        f"UPDATE {table} SET {', '.join(f'{name} = {name} + {interval}' for name in times)} WHERE {key} IN (SELECT id FROM these)"
        for table, (key, *times) in _COLUMNS.items()
    ]
    moved += [_MOVE_FROM_THEN_ON.format(table=table, name=name, interval=interval) for table, name in _FROM_THEN_ON]
    # A proof reads in several snapshots, and sent_at never changes but here.
    with scenario.proving:
        database.change(
            scenario.engine,
            _LOCK,
            _THESE.format(message_id=first.message_id),
            *moved,
            f"UPDATE fanout_counters SET changed_at = changed_at + {interval}",
            f"UPDATE known_time SET known_good = known_good + {interval}",
        )
