"""Messages are recalled at every step of their fan-out: queued, half cut, with batches held, before and after they are sent."""

import itertools
import uuid

import httpx
import sqlalchemy

from drills import triggers, world
from drills.hub import worker
from drills.processes import wait_until
from drills.stage import Stage
from drills.traffic import Post

_ASKED = 4
_PROGRESS = sqlalchemy.text("""
    SELECT (SELECT status FROM messages WHERE id = :id) AS status, count(*) AS batches, count(delivered_at) AS delivered
    FROM fanout_batches WHERE message_id = :id
""")


def drill(stage: Stage) -> None:
    steps = [queued, half_cut, being_cut, held_by_another, being_written, last_batch, becoming_sent, sent]
    stage.rng.shuffle(steps)
    stage.hub.restart(worker(1), expand_step_ms=1)  # so that cutting takes many steps where this one does it
    try:
        with httpx.Client(timeout=10, base_url=stage.hub.apis.inbox_url) as client:
            for number, step in enumerate(itertools.cycle(steps), start=1):
                step(stage, client)
                if stage.is_over and number >= len(steps):
                    return
                stage.pause(0.0, 0.3)
    finally:
        stage.hub.restart(worker(1))


def queued(stage: Stage, client: httpx.Client) -> None:
    """No worker has seen it."""
    with stage.hub.paused(*stage.hub.running_workers):
        post = stage.post(world.LARGE)
        _recall(stage, client, post, "queued")
        _expect_delivered(stage, post, at_most=0)


def half_cut(stage: Stage, client: httpx.Client) -> None:
    """Between two steps of the cutting: the first is committed, the next one waits."""
    post = stage.draft(world.LARGE)
    with triggers.holding(stage.engine, at="cut", title=post.title) as hold:
        stage.traffic.insist(post)
        hold.wait()
        with stage.hub.paused(*stage.hub.running_workers):
            hold.release()
            wait_until(lambda: hold.count() == 0, what="the step is over", seconds=10)
        # The workers go on while this is recalled: before the next step, or after it.
        _recall(stage, client, post, "being cut")


def being_cut(stage: Stage, client: httpx.Client) -> None:
    """A step of the cutting is inside its COMMIT and has the message's row; the recall waits for it."""
    post = stage.draft(world.LARGE)
    with triggers.holding(stage.engine, at="cut", title=post.title) as hold:
        stage.traffic.insist(post)
        hold.wait()
        # Its own lock timeout ends the waiting: it is asked again then.
        status = stage.traffic.recall(post)
        stage.expect(status in (200, 503), "a recall is answered", f"{status} while a step of the cutting commits")
    _recall(stage, client, post, "a step of the cutting committing")


def held_by_another(stage: Stage, client: httpx.Client) -> None:
    """The drill holds a batch's row, as a worker that hangs does, and then lets it go without having written."""
    post = stage.draft(world.LARGE)
    lock = (
        "SELECT seq FROM fanout_batches WHERE message_id = :id AND delivered_at IS NULL FOR UPDATE SKIP LOCKED LIMIT 1"
    )
    with (
        triggers.holding(stage.engine, at="delivered", when="NEW.seq <= 2", title=post.title) as hold,
        stage.engine.connect() as connection,
    ):
        stage.traffic.insist(post)
        hold.wait(2)
        with connection.begin() as transaction:
            held = connection.execute(sqlalchemy.text(lock), {"id": _id(post)}).scalar_one_or_none()
            _recall(stage, client, post, "a batch held" if held else "all batches so far being written")
            hold.release()
            transaction.rollback()
        _expect_delivered(stage, post, at_most=2)
    _expect_gone(stage, client, post)


def being_written(stage: Stage, client: httpx.Client) -> None:
    """Workers have written batches and not committed: those are written whole, no other is begun."""
    with triggers.holding(stage.engine, at="written") as hold:
        post = stage.post(world.LARGE)
        hold.wait()
        _recall(stage, client, post, "batches being written")
        before, held = _progress(stage, post).delivered, hold.count()
        hold.release()
        wait_until(lambda: hold.count() == 0, what="the batches are committed", seconds=10)
        stage.pause(0.3, 0.6)
        _expect_delivered(stage, post, at_most=before + held)
    _expect_gone(stage, client, post)


def last_batch(stage: Stage, client: httpx.Client) -> None:
    """Everything else is written, the last batch is inside its COMMIT, and the message is not called sent yet."""
    post = stage.draft(world.LARGE)
    last_user = max(post.platform.user_ids[one] for one in post.platform.now.of(post.audience))
    last = f"NEW.up_to_user_id >= {last_user}"
    with triggers.holding(stage.engine, at="delivered", when=last, title=post.title) as hold:
        stage.traffic.insist(post)

        def is_there() -> bool:
            progress = _progress(stage, post)
            return hold.count() > 0 and 0 < progress.batches == progress.delivered + 1

        wait_until(is_there, what="the last batch is inside its COMMIT", seconds=40)
        _recall(stage, client, post, "the last batch committing")
    _expect_gone(stage, client, post)


def becoming_sent(stage: Stage, client: httpx.Client) -> None:
    """What makes it sent is inside its COMMIT and has the message's row."""
    post = stage.draft(stage.rng.choice((world.LARGE, world.SMALL)))
    with triggers.holding(stage.engine, at="sent", title=post.title) as hold:
        stage.traffic.insist(post)
        hold.wait()
        status = stage.traffic.recall(post)
        stage.expect(status in (200, 503), "a recall is answered", f"{status} while the message becomes sent")
    _recall(stage, client, post, "becoming sent")


def sent(stage: Stage, client: httpx.Client) -> None:
    post = stage.post(world.MIDDLE)
    wait_until(lambda: _progress(stage, post).status == "sent", what="the message is sent", seconds=60)
    _recall(stage, client, post, "sent")


def _recall(stage: Stage, client: httpx.Client, post: Post, when: str) -> None:
    """Recalls it until it is, and asks some of its recipients at once."""
    wait_until(lambda: stage.traffic.recall(post) == 200, what="the recall is answered 200", seconds=60)
    _expect_gone(stage, client, post)
    stage.note(f"recalled: {when}")


def _expect_gone(stage: Stage, client: httpx.Client, post: Post) -> None:
    message_id = str(_id(post))
    people = sorted(post.platform.now.of(post.audience))
    for user in stage.rng.sample(people, min(_ASKED, len(people))):
        headers = stage.traffic.bearer(user, post.platform.key)
        page = client.get("/v1/notifications", params={"limit": 100}, headers=headers).json()
        alone = client.get(f"/v1/notifications/{message_id}", headers=headers).status_code
        shown = any(one["id"] == message_id for one in page["data"])
        stage.expect(
            not shown and alone == 404,
            "recalled is gone at once",
            f"{user} is shown {message_id}, alone it answers {alone}",
        )


def _expect_delivered(stage: Stage, post: Post, *, at_most: int) -> None:
    delivered = _progress(stage, post).delivered
    stage.expect(
        delivered <= at_most,
        "what is not written stays unwritten",
        f"{delivered} batches of {_id(post)}, not {at_most}",
    )


def _progress(stage: Stage, post: Post) -> sqlalchemy.Row[tuple[str, int, int]]:
    with stage.engine.connect() as connection:
        return connection.execute(_PROGRESS, {"id": _id(post)}).one()


def _id(post: Post) -> uuid.UUID:
    (message_id,) = post.accepted_ids
    return message_id
