"""Random histories: after every step each user's lists and counts are what a plain model in Python says."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.inbox_api.actions import notifications, states
from services.inbox_api.store import readers
from shared import acknowledgements, errors, rate_limit
from tests import factories
from tests.inbox_api.hub import MONTHS_BACK, Hub, Sent

STEPS = 35
NEVER = datetime.max.replace(tzinfo=UTC)
UNLIMITED = rate_limit.Verdict()
POLLS = ("/v1/notifications/counts", "/v1/notifications", "/v1/notifications?status=unread&limit=2")
ASKED = {"title": "T", "body": "B", "statement": "S"}
GIVEN = states.Given(acknowledgements.content_hash(**ASKED), "shared-secret", "request-of-a-test")


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


@dataclass
class Story:
    """A message and what each of its recipients did with it."""

    sent: Sent
    waiting: set[int]
    is_finished: bool = False
    is_recalled: bool = False
    is_expired: bool = False
    is_pinned: bool = False
    category: str | None = None
    asks: bool = False
    is_superseded: bool = False
    due_at: datetime | None = None
    seen: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    archived: set[int] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)

    def is_open(self, user: factories.User) -> bool:
        """It is still to be acknowledged, where it is in the inbox."""
        return self.asks and not self.is_superseded and user.id not in self.acknowledged

    @property
    def is_shown(self) -> bool:
        return not (self.is_recalled or self.is_expired)

    @property
    def position(self) -> tuple[object, uuid.UUID]:
        return self.sent.sent_at, self.sent.id


def counted(answer: Any) -> tuple[int, int, int]:
    return answer.unread_count, answer.unseen_count, answer.to_acknowledge_count


class Model:
    def __init__(self, hub: Hub, seed: int) -> None:
        self.hub = hub
        self.random = random.Random(seed)
        self.platform = hub.platform()
        self.organisations = [hub.organisation(self.platform) for _ in range(2)]
        self.clinics = [hub.clinic(organisation) for organisation in self.organisations for _ in range(2)]
        self.sender = hub.administrator(self.platform, self.platform)
        self.users = [hub.user(self.platform, self.random.choice(self.clinics)) for _ in range(4)]
        self.gone: set[int] = set()
        self.stories: list[Story] = []
        self.tags: dict[tuple[int, str], str] = {}

    def inbox(self, user: factories.User) -> list[Story]:
        mine = [story for story in self.stories if user.id in story.sent.recipients and story.is_shown]
        return sorted(mine, key=lambda story: story.position, reverse=True)

    def listed(self, user: factories.User, status: str) -> list[uuid.UUID]:
        mine = self.inbox(user)
        archived = [story for story in mine if user.id in story.archived]
        unread = [story for story in mine if user.id not in story.archived | story.read]
        chosen = {
            "all": [story for story in mine if story not in archived],
            "unread": unread,
            "read": [story for story in mine if story not in archived and story not in unread],
            "archived": archived,
        }
        return [story.sent.id for story in chosen[status]]

    def pinned(self, user: factories.User) -> list[uuid.UUID]:
        mine = self.inbox(user)
        return [story.sent.id for story in mine if story.is_pinned and user.id not in story.archived][:3]

    def to_acknowledge(self, user: factories.User) -> list[uuid.UUID]:
        mine = [story for story in self.inbox(user) if story.is_open(user)]
        return [story.sent.id for story in sorted(mine, key=lambda story: story.due_at or NEVER)]

    def counts(self, user: factories.User) -> tuple[int, int, int]:
        mine = self.inbox(user)
        return (
            sum(user.id not in story.read | story.archived for story in mine),
            sum(user.id not in story.seen | story.archived for story in mine),
            sum(story.is_open(user) for story in mine),
        )

    # Steps.

    def send(self) -> None:
        everything: list[factories.Scope] = [*self.organisations, *self.clinics]
        targets = (
            [self.platform] if self.random.random() < 0.3 else self.random.sample(everything, self.random.randint(1, 4))
        )
        days_ago = self.random.choice([0, 0, self.random.uniform(0, (MONTHS_BACK - 1) * 28)])
        category = self.random.choice([None, "service", "feature"])
        is_pinned = not days_ago and self.random.random() < 0.5
        pinned_until = datetime.now(UTC) + timedelta(days=30) if is_pinned else None
        asks = self.random.random() < 0.5
        due_at = (
            datetime.now(UTC) + timedelta(days=self.random.randint(1, 9))
            if asks and self.random.random() < 0.7
            else None
        )
        stated: dict[str, Any] = {
            "category": category,
            "pinned_until": pinned_until,
            "due_at": due_at,
            **(ASKED if asks else {}),
        }
        earlier = self.random.choice([story for story in self.stories if not story.is_superseded] or [None])
        if earlier is not None and not (days_ago or earlier.is_recalled) and self.random.random() < 0.2:
            stated |= {"supersedes": earlier.sent.id, "change_summary": "Another fee."}
            earlier.is_superseded = True
        sent = self.hub.send(self.sender, *targets, days_ago=days_ago, **stated)
        made = Story(sent, set(sent.recipients), is_pinned=is_pinned, category=category, asks=asks, due_at=due_at)
        self.stories.append(made)
        if days_ago:
            self.tags.clear()  # no message is ever accepted in the past; one that was made up there is not noticed

    def write(self) -> None:
        story = self.random.choice(self.stories)
        if not story.is_finished and not story.is_recalled:
            users = {user for user in story.waiting if self.random.random() < 0.4}
            self.hub.write(story.sent, users)
            story.waiting -= users

    def finish(self) -> None:
        story = self.random.choice(self.stories)
        self.hub.finish(story.sent)
        story.is_finished = True

    def recall(self) -> None:
        story = self.random.choice(self.stories)
        if not story.is_recalled:
            self.hub.recall(story.sent, self.sender)
            story.is_recalled = True

    def expire(self) -> None:
        story = self.random.choice(self.stories)
        if not story.is_expired:
            self.hub.expire(story.sent)
            story.is_expired = True

    def unpin(self) -> None:
        story = self.random.choice(self.stories)
        if story.is_pinned:
            self.hub.execute("UPDATE messages SET pinned_until = now() WHERE id = :id", id=story.sent.id)
            story.is_pinned = False

    def fall_due(self) -> None:
        story = self.random.choice(self.stories)
        if story.asks and (story.due_at is None or story.due_at > datetime.now(UTC)):
            story.due_at = datetime.now(UTC)
            self.hub.execute("UPDATE messages SET due_at = :at WHERE id = :id", at=story.due_at, id=story.sent.id)

    def move(self) -> None:
        user, clinic = self.random.choice(self.users), self.random.choice(self.clinics)
        what = self.random.random()
        if user.id in self.gone:
            self.hub.set_status(user, "active")
            self.gone.discard(user.id)
        elif what < 0.4:
            self.hub.join(user, clinic)
        elif what < 0.8:
            self.hub.leave(user, clinic)
        else:
            self.hub.set_status(user, "disabled")
            self.gone.add(user.id)

    def change(self) -> None:
        user, story = self.random.choice(self.users), self.random.choice(self.stories)
        action = self.random.choice([states.mark_read, states.clear_read, states.mark_archived, states.clear_archived])
        code = None
        if user.id not in story.sent.recipients:
            code = "not-found"
        elif story.is_recalled:
            code = "recalled"
        elif action is states.mark_archived and story.is_open(user) and not story.is_expired:
            code = "acknowledgement-required"
        if code is not None:
            with pytest.raises(errors.HubError) as caught:
                action(self.hub.inbox, caller=self.hub.caller(user), message_id=story.sent.id, rate=UNLIMITED)
            assert caught.value.code == code
            return
        changed = action(self.hub.inbox, caller=self.hub.caller(user), message_id=story.sent.id, rate=UNLIMITED)
        self.remember(action.__name__, user, story)
        assert changed.notification.id == story.sent.id
        assert counted(changed) == self.counts(user)

    def acknowledge(self) -> None:
        user, story = self.random.choice(self.users), self.random.choice(self.stories)
        is_done = user.id in story.acknowledged
        code = None
        if user.id not in story.sent.recipients:
            code = "not-found"
        elif story.is_recalled:
            code = "recalled"
        elif not story.asks or (story.is_superseded and not is_done):
            code = "acknowledgement-not-requested"
        elif story.is_expired and not is_done:
            code = "message-expired"
        call = {"caller": self.hub.caller(user), "message_id": story.sent.id, "given": GIVEN, "rate": UNLIMITED}
        if code is not None:
            with pytest.raises(errors.HubError) as caught:
                states.acknowledge(self.hub.inbox, **call)
            assert caught.value.code == code
            return
        changed = states.acknowledge(self.hub.inbox, **call)
        if not is_done:
            for done in (story.acknowledged, story.read, story.seen):
                done.add(user.id)
        assert counted(changed) == self.counts(user)

    def remember(self, action: str, user: factories.User, story: Story) -> None:
        if action == "mark_read":
            story.seen.add(user.id)
            story.read.add(user.id)
        elif action == "clear_read":
            story.read.discard(user.id)
        elif action == "mark_archived":
            story.archived.add(user.id)
        else:
            story.archived.discard(user.id)

    def change_through(self) -> None:
        user, story = self.random.choice(self.users), self.random.choice(self.stories)
        read = self.random.random() < 0.5
        action = states.mark_read_through if read else states.mark_seen_through
        if user.id not in story.sent.recipients:
            with pytest.raises(errors.HubError, match="no such notification"):
                action(self.hub.inbox, caller=self.hub.caller(user), through=story.sent.id, rate=UNLIMITED)
            return
        counts = action(self.hub.inbox, caller=self.hub.caller(user), through=story.sent.id, rate=UNLIMITED)
        for other in self.inbox(user):
            if other.position <= story.position:
                other.seen.add(user.id)
                if read:
                    other.read.add(user.id)
        assert counted(counts) == self.counts(user)

    # What the API says.

    def check(self) -> None:
        for user in self.users:
            caller = self.hub.caller(user)
            counts = notifications.get_counts(self.hub.inbox, caller=caller)
            assert counted(counts) == self.counts(user)
            if user.id not in self.gone:
                self.check_polls(user)
            for status in notifications.STATUSES:
                listed = self.listed(user, status)
                category = self.random.choice([None, "service", "feature"])
                is_open = self.random.choice([None, True, False])
                kept = {
                    story.sent.id
                    for story in self.stories
                    if category in (None, story.category) and is_open in (None, story.is_open(user))
                }
                found = self.walk(caller, user, status, category=category, to_acknowledge=is_open)
                assert found == [one for one in listed if one in kept], status

    def check_polls(self, user: factories.User) -> None:
        """Who asks with the ETag of the last answer is told of every change, and of nothing else."""
        path = self.random.choice(POLLS)
        last = self.tags.get((user.id, path), "")
        told = self.hub.ask(user, path, headers={"If-None-Match": last})
        true = self.tags[user.id, path] = self.hub.ask(user, path).headers["ETag"]
        assert told.headers["ETag"] == true
        assert told.status_code == (304 if last == true else 200)

    def walk(self, caller: readers.Reader, user: factories.User, status: str, **filters: Any) -> list[uuid.UUID]:
        found: list[uuid.UUID] = []
        after = None
        while True:
            feed = notifications.get_feed(
                self.hub.inbox,
                caller=caller,
                status=status,
                **filters,
                after=after,
                limit=self.random.choice([2, 5, 100]),
            )
            assert counted(feed) == self.counts(user)
            assert [row.id for row in feed.pinned] == self.pinned(user)
            assert [row.id for row in feed.to_acknowledge] == ([] if after else self.to_acknowledge(user))
            for row in (*feed.data, *feed.pinned, *feed.to_acknowledge):
                story = next(story for story in self.stories if story.sent.id == row.id)
                assert row.sent_at == story.sent.sent_at
                assert (row.seen_at is not None, row.read_at is not None, row.archived_at is not None) == (
                    user.id in story.seen,
                    user.id in story.read,
                    user.id in story.archived,
                )
                is_done = user.id in story.acknowledged
                shown = row.acknowledgement
                assert (shown is not None) == (is_done or story.is_open(user))
                assert (shown is not None and shown.acknowledged_at is not None) == is_done
                assert row.superseded == story.is_superseded
                if shown is not None:
                    assert shown.overdue == ((story.due_at or NEVER) <= (shown.acknowledged_at or datetime.now(UTC)))
            found += [row.id for row in feed.data]
            assert feed.has_more == (feed.next_cursor is not None)
            if not feed.has_more:
                return found
            after = feed.next_cursor


@pytest.mark.parametrize("seed", range(8))
def test_lists_and_counts_are_those_of_a_plain_model_after_every_step_of_a_random_history(hub: Hub, seed: int) -> None:
    model = Model(hub, seed)
    model.send()
    steps = [
        *[model.send] * 4,
        *[model.write] * 3,
        *[model.finish] * 3,
        *[model.recall] * 2,
        *[model.expire] * 2,
        model.unpin,
        model.fall_due,
        *[model.move] * 3,
        *[model.change] * 6,
        *[model.acknowledge] * 4,
        *[model.change_through] * 2,
    ]
    for _ in range(STEPS):
        model.random.choice(steps)()
        model.check()
    for step in (model.recall, model.expire, model.unpin, model.fall_due):
        step()
        model.check()
    for story in model.stories:
        model.hub.finish(story.sent)
    model.check()
