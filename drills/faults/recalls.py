"""Messages are recalled at every step of their fan-out: queued, half cut, with batches held, before and after they are sent."""

from functools import partial
from typing import NamedTuple

import httpx
import sqlalchemy

from drills import platforms, triggers
from drills.hub import worker
from drills.posts import Post
from drills.processes import wait_until
from drills.scenario import Scenario

_ASKED = 4
_PROGRESS = sqlalchemy.text("""
    SELECT (SELECT status FROM messages WHERE id = :id) AS status, count(*) AS batches, count(delivered_at) AS delivered
    FROM fanout_batches WHERE message_id = :id
""")
_LOCK_A_BATCH = sqlalchemy.text(
    "SELECT seq FROM fanout_batches WHERE message_id = :id AND delivered_at IS NULL FOR UPDATE SKIP LOCKED LIMIT 1"
)


class _Progress(NamedTuple):
    status: str
    batches: int
    delivered: int


def drill(scenario: Scenario) -> None:
    scenario.hub.restart(worker(1), expand_step_ms=1)  # so that it cuts in many steps
    steps = [queued, between_steps, step_committing, batch_locked, being_written, last_batch, becoming_sent, sent]
    try:
        with httpx.Client(timeout=10, base_url=scenario.hub.apis.inbox_url) as client:
            scenario.inject(*(partial(step, client=client) for step in steps), least=0.0, most=0.3)
    finally:
        scenario.hub.restart(worker(1))


def queued(scenario: Scenario, client: httpx.Client) -> None:
    """No worker has taken its task."""
    with scenario.hub.paused(*scenario.hub.running_workers):
        post = scenario.post(platforms.LARGE)
        _recall(scenario, client, post, "queued")
        _check_delivered(scenario, post, at_most=0)


def between_steps(scenario: Scenario, client: httpx.Client) -> None:
    """The first step of the cutting is committed, the next one waits."""
    post = scenario.draft(platforms.LARGE)
    with triggers.holding(scenario.engine, at="cut", title=post.title) as hold:
        scenario.load.post_until_settled(post)
        hold.wait()
        with scenario.hub.paused(*scenario.hub.running_workers):
            hold.release()
            wait_until(lambda: hold.count() == 0, what="the step is over", seconds=10)
        # The workers go on while this is recalled: before the next step, or after it.
        _recall(scenario, client, post, "being cut")


def step_committing(scenario: Scenario, client: httpx.Client) -> None:
    """A step of the cutting is inside its COMMIT and has locked the message's row; the recall waits for it."""
    post = scenario.draft(platforms.LARGE)
    with triggers.holding(scenario.engine, at="cut", title=post.title) as hold:
        scenario.load.post_until_settled(post)
        hold.wait()
        _check_answered(scenario, post, "a step of the cutting commits")
    _recall(scenario, client, post, "a step of the cutting committing")


def batch_locked(scenario: Scenario, client: httpx.Client) -> None:
    """The drill locks a batch's row, as a worker that hangs does, and releases it without having written."""
    post = scenario.draft(platforms.LARGE)
    first_two = triggers.holding(scenario.engine, at="delivered", when="NEW.seq <= 2", title=post.title)
    with first_two as hold, scenario.engine.connect() as connection:
        scenario.load.post_until_settled(post)
        hold.wait(2)
        with connection.begin() as transaction:
            locked = connection.execute(_LOCK_A_BATCH, {"id": post.message_id}).scalar_one_or_none()
            _recall(scenario, client, post, "a batch locked" if locked else "all batches so far being written")
            hold.release()
            transaction.rollback()
        _check_delivered(scenario, post, at_most=2)
    _check_gone(scenario, client, post)


def being_written(scenario: Scenario, client: httpx.Client) -> None:
    """Workers have written batches and not committed them: those are written whole, no other is begun."""
    with triggers.holding(scenario.engine, at="written") as hold:
        post = scenario.post(platforms.LARGE)
        hold.wait()
        _recall(scenario, client, post, "batches being written")
        before, held = _progress(scenario, post).delivered, hold.count()
        hold.release()
        wait_until(lambda: hold.count() == 0, what="the batches are committed", seconds=10)
        scenario.pause(0.3, 0.6)
        _check_delivered(scenario, post, at_most=before + held)
    _check_gone(scenario, client, post)


def last_batch(scenario: Scenario, client: httpx.Client) -> None:
    """The last batch is inside its COMMIT, all others are written, and the message is not sent yet."""
    post = scenario.draft(platforms.LARGE)
    last_user = max(post.platform.user_ids[one] for one in post.platform.now.of(post.audience))
    last = f"NEW.up_to_user_id >= {last_user}"
    with triggers.holding(scenario.engine, at="delivered", when=last, title=post.title) as hold:
        scenario.load.post_until_settled(post)

        def is_reached() -> bool:
            progress = _progress(scenario, post)
            return hold.count() > 0 and 0 < progress.batches == progress.delivered + 1

        wait_until(is_reached, what="the last batch is inside its COMMIT", seconds=40)
        _recall(scenario, client, post, "the last batch committing")
    _check_gone(scenario, client, post)


def becoming_sent(scenario: Scenario, client: httpx.Client) -> None:
    """The statement that marks it as sent is inside its COMMIT and has locked the message's row."""
    post = scenario.draft(scenario.rng.choice((platforms.LARGE, platforms.SMALL)))
    with triggers.holding(scenario.engine, at="sent", title=post.title) as hold:
        scenario.load.post_until_settled(post)
        hold.wait()
        _check_answered(scenario, post, "the message becomes sent")
    _recall(scenario, client, post, "becoming sent")


def sent(scenario: Scenario, client: httpx.Client) -> None:
    post = scenario.post(platforms.MIDDLE)
    wait_until(lambda: _progress(scenario, post).status == "sent", what="the message is sent", seconds=60)
    _recall(scenario, client, post, "sent")


def _recall(scenario: Scenario, client: httpx.Client, post: Post, when: str) -> None:
    """Recalls it until it is recalled, and requests it as some of its recipients at once."""
    wait_until(lambda: scenario.load.recall(post) == 200, what="the recall is answered 200", seconds=60)
    _check_gone(scenario, client, post)
    scenario.note(f"recalled: {when}")


def _check_gone(scenario: Scenario, client: httpx.Client, post: Post) -> None:
    message_id = str(post.message_id)
    people = sorted(post.platform.now.of(post.audience))
    for user in scenario.rng.sample(people, min(_ASKED, len(people))):
        headers = scenario.load.bearer(user, post.platform.key)
        page = client.get("/v1/notifications", params={"limit": 100}, headers=headers).json()
        status = client.get(f"/v1/notifications/{message_id}", headers=headers).status_code
        gone = status == 404 and all(one["id"] != message_id for one in page["data"])
        scenario.check(gone, "recalled is gone at once", f"{user} is shown {message_id}, alone it answers {status}")


def _check_answered(scenario: Scenario, post: Post, when: str) -> None:
    """A recall that waits for a lock is answered: 200, or 503 at the lock timeout."""
    status = scenario.load.recall(post)
    scenario.check(status in (200, 503), "a recall is answered", f"{status} while {when}")


def _check_delivered(scenario: Scenario, post: Post, *, at_most: int) -> None:
    delivered = _progress(scenario, post).delivered
    what = f"{delivered} batches of {post.message_id} are written, not {at_most}"
    scenario.check(delivered <= at_most, "what is not written stays unwritten", what)


def _progress(scenario: Scenario, post: Post) -> _Progress:
    with scenario.engine.connect() as connection:
        return _Progress(*connection.execute(_PROGRESS, {"id": post.message_id}).one())
