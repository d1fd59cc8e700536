"""Who a follow-up goes to: the recipients of the earlier message who had not read it and were active, whatever happens before and after."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.compose_api.actions import audiences
from services.fanout_worker.actions import verify
from services.inbox_api.actions import notifications, recipients, states
from services.inbox_api.store import inbox
from shared import db, rate_limit
from tests import examples, factories, messages
from tests.conftest import MakeEngine
from tests.fanout_worker.conftest import Hub

UNLIMITED = rate_limit.Verdict()


@dataclass
class World:
    """A hub and its inbox API."""

    hub: Hub
    inbox: Engine

    def follow(self, message_id: uuid.UUID, who: factories.User | None = None) -> uuid.UUID:
        hub = self.hub
        return messages.follow(hub.compose, who or hub.sender, hub.platform, message_id)

    def count(self, message_id: uuid.UUID) -> int:
        """How many people a follow-up would reach now."""
        hub = self.hub
        return audiences.preview(
            hub.compose,
            audiences.Counter(),
            caller=messages.caller(hub.compose, hub.sender, hub.platform),
            rate=UNLIMITED,
            follows=message_id,
        )

    def read(self, message_id: uuid.UUID, *users: factories.User) -> None:
        for user in users:
            caller = messages.caller(self.inbox, user, self.hub.platform)
            states.mark_read(self.inbox, caller=caller, message_id=message_id, rate=UNLIMITED)

    def unread(self, message_id: uuid.UUID, user: factories.User) -> None:
        caller = messages.caller(self.inbox, user, self.hub.platform)
        states.clear_read(self.inbox, caller=caller, message_id=message_id, rate=UNLIMITED)

    def has(self, message_id: uuid.UUID, user: factories.User) -> bool:
        """Whether the bell shows it to the user."""
        caller = messages.caller(self.inbox, user, self.hub.platform)
        feed = notifications.get_feed(self.inbox, caller=caller, status="all", limit=100)
        listed = message_id in [one.id for one in feed.data]
        with db.autocommit(self.inbox) as connection:
            who = {"user_id": user.id, "platform_id": self.hub.platform.id}
            assert (inbox.find_notification(connection, **who, message_id=message_id) is not None) == listed
        return listed

    def listed(self, message_id: uuid.UUID) -> set[int]:
        """The recipients as the sender is shown them."""
        caller = messages.caller(self.inbox, self.hub.sender, self.hub.platform)
        asked = recipients.Asked(caller, message_id, None, {})
        return {one.user_id for one in recipients.get_page(self.inbox, asked, limit=100, after=None).data}

    def check(self, message_id: uuid.UUID, expected: set[int]) -> None:
        """Written or not, exactly these people are its recipients."""
        report = verify.verify_message(self.hub.engine, message_id=message_id, limit=3)
        assert report is not None
        assert report.holds, report
        assert report.planned == len(expected)
        assert self.listed(message_id) == expected

    def work(self, message_id: uuid.UUID) -> None:
        self.hub.expand(message_id)
        self.hub.work()


@pytest.fixture
def world(hub: Hub, make_engine: MakeEngine) -> World:
    return World(hub, make_engine(db.INBOX_ROLE))


def ids(*users: factories.User) -> set[int]:
    return {user.id for user in users}


@dataclass
class Sent:
    id: uuid.UUID
    recipients: set[int]
    readers: set[int] = field(default_factory=set)
    is_written: bool = False


class Model:
    """A platform of two organisations with two clinics each, and six people, in plain Python beside the hub."""

    def __init__(self, world: World) -> None:
        hub = world.hub
        with hub.engine.begin() as connection:
            hub.platform = factories.platform(connection)
            hub.sender = factories.user(connection, hub.platform)
            factories.administrator(connection, hub.sender, hub.platform)
            organisations = [factories.organisation(connection, hub.platform) for _ in range(2)]
            self.clinics = [
                factories.clinic(connection, organisation) for organisation in organisations for _ in range(2)
            ]
            self.scopes = [hub.platform, *organisations, *self.clinics]
            self.users = [
                factories.user(connection, hub.platform, clinic) for clinic in (*self.clinics, *self.clinics[:2])
            ]
        self.world = world
        self.where = {
            user.id: {clinic.id} for user, clinic in zip(self.users, (*self.clinics, *self.clinics[:2]), strict=True)
        }
        self.active = ids(*self.users)
        self.sent: list[Sent] = []

    def inside(self, scope: factories.Scope) -> set[int]:
        """The active users in the scope now; the sender belongs to the platform only."""
        if isinstance(scope, factories.Platform):
            return self.active | {self.world.hub.sender.id}
        clinics = {one.id for one in self.clinics if scope.id in (one.id, one.organisation_id)}
        return {user_id for user_id in self.active if self.where[user_id] & clinics}

    def send(self, choice: int, _user: int) -> None:
        scope = self.scopes[choice % len(self.scopes)]
        audience = messages.EVERYONE if isinstance(scope, factories.Platform) else messages.aimed_at(scope)
        self.sent.append(Sent(self.world.hub.accept(audience), self.inside(scope)))

    def follow(self, choice: int, _user: int) -> None:
        if self.sent:
            earlier = self.sent[choice % len(self.sent)]
            active = self.active | {self.world.hub.sender.id}
            expected = (earlier.recipients & active) - earlier.readers
            assert self.world.count(earlier.id) == len(expected)
            self.sent.append(Sent(self.world.follow(earlier.id), expected))

    def read(self, choice: int, user: int) -> None:
        who = self.users[user % len(self.users)]
        for one in self.sent[choice % len(self.sent) :][:1] if self.sent else []:
            if who.id in self.active:
                assert self.world.has(one.id, who) == (who.id in one.recipients)
                if who.id in one.recipients:
                    self.world.read(one.id, who)
                    one.readers.add(who.id)

    def unread(self, choice: int, user: int) -> None:
        who = self.users[user % len(self.users)]
        for one in self.sent[choice % len(self.sent) :][:1] if self.sent else []:
            if who.id in self.active & one.recipients:
                self.world.unread(one.id, who)

    def move(self, choice: int, user: int) -> None:
        who, clinic = self.users[user % len(self.users)], self.clinics[choice % len(self.clinics)]
        if who.id in self.active:
            with self.world.hub.engine.begin() as connection:
                for old in self.clinics:
                    if old.id in self.where[who.id]:
                        factories.leave(connection, who, old)
                factories.member(connection, who, clinic)
            self.where[who.id] = {clinic.id}

    def toggle(self, _choice: int, user: int) -> None:
        who = self.users[user % len(self.users)]
        with self.world.hub.engine.begin() as connection:
            factories.set_status(connection, who, "disabled" if who.id in self.active else "active")
        self.active ^= {who.id}
        self.where[who.id] = set()

    def write(self, choice: int, _user: int) -> None:
        for one in self.sent[choice % len(self.sent) :][:1] if self.sent else []:
            if not one.is_written:
                self.world.work(one.id)
                one.is_written = True


STEPS = ("send", "follow", "follow", "read", "read", "unread", "move", "toggle", "write")


@examples.settings(8)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20), st.integers(0, 5)), min_size=6, max_size=30)
)
def test_the_recipients_are_what_a_model_says_whatever_people_and_the_directory_do(
    world: World, steps: list[tuple[str, int, int]]
) -> None:
    model = Model(world)
    model.send(0, 0)
    for step, choice, user in steps:
        getattr(model, step)(choice, user)
    for one in model.sent:
        world.check(one.id, one.recipients)
        if not one.is_written:
            world.work(one.id)
        assert set(world.hub.recipients(one.id)) == one.recipients
        world.check(one.id, one.recipients)
        row: Any = world.hub.message(one.id)
        assert row.recipient_count == len(one.recipients)
