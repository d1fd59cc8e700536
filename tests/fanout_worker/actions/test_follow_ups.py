"""Who a follow-up goes to: the recipients of the earlier message who had not read it and were active, whatever happens before and after."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from services.compose_api import domain
from services.compose_api.actions import audiences
from services.compose_api.actions import messages as message_actions
from services.compose_api.store import messages as message_store
from services.fanout_worker.actions import verify
from services.inbox_api.actions import notifications, recipients, states
from services.inbox_api.store import people as people_store
from services.inbox_api.store import single
from services.inbox_api.store import states as state_store
from shared import db, errors, rate_limit
from shared.audience import ChosenScopes
from shared.sent_messages import store as sent_messages
from tests import examples, factories, messages, statements, threads, waiting
from tests.conftest import MakeEngine
from tests.fanout_worker.conftest import Hub

UNLIMITED = rate_limit.Verdict()
_ADD_PEOPLE = text("""
    WITH added AS (
        INSERT INTO users (platform_id, external_id, name, email, status)
        SELECT :platform, 'one-of-many-' || number, 'One of many', '', 'active' FROM generate_series(1, :count) AS number RETURNING id
    )
    INSERT INTO memberships (user_id, scope_id, valid_from_version, platform_id, role)
    SELECT id, :platform, 0, :platform, 'implied' FROM added
""")
# All but every thousandth.
_READ_BY_MANY = text("""
    INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
    SELECT u.id, m.sent_at, m.id, m.sent_at, m.sent_at, m.sent_at FROM messages m JOIN users u ON u.platform_id = m.platform_id
    WHERE m.id = :message AND u.id % 1000 > 0
""")


@dataclass
class World:
    """A hub and its inbox API."""

    hub: Hub
    inbox: Engine
    counter: audiences.Counter = field(default_factory=audiences.Counter)

    def follow(self, message_id: uuid.UUID, who: factories.User | None = None, only: str = "unread") -> uuid.UUID:
        hub = self.hub
        return messages.follow(hub.compose, who or hub.sender, hub.platform, message_id, only)

    def count(self, message_id: uuid.UUID, only: str = "unread") -> int:
        """How many people a follow-up would reach now."""
        hub = self.hub
        return audiences.preview(
            hub.compose,
            self.counter,
            caller=messages.caller(hub.compose, hub.sender, hub.platform),
            rate=UNLIMITED,
            addressed=domain.Addressed(follows=message_id, only=only),
        )

    def acknowledge(self, message_id: uuid.UUID, *users: factories.User) -> None:
        row: Any = self.hub.message(message_id)
        with self.inbox.begin() as connection:
            for user in users:
                insert_acknowledgement(connection, self.hub.platform, row, user)

    def read(self, message_id: uuid.UUID, *users: factories.User) -> None:
        for user in users:
            caller = messages.reader(self.inbox, user, self.hub.platform)
            states.mark_read(self.inbox, caller=caller, message_id=message_id, rate=UNLIMITED)

    def unread(self, message_id: uuid.UUID, user: factories.User) -> None:
        caller = messages.reader(self.inbox, user, self.hub.platform)
        states.clear_read(self.inbox, caller=caller, message_id=message_id, rate=UNLIMITED)

    def has(self, message_id: uuid.UUID, user: factories.User) -> bool:
        """Whether the bell shows it to the user."""
        caller = messages.reader(self.inbox, user, self.hub.platform)
        feed = notifications.get_feed(self.inbox, caller=caller, status="all", limit=100)
        listed = message_id in [one.id for one in feed.data]
        with db.autocommit(self.inbox) as connection:
            who = {"user_id": user.id, "platform_id": self.hub.platform.id}
            assert (single.find_notification(connection, **who, message_id=message_id) is not None) == listed
        return listed

    def listed(self, message_id: uuid.UUID, *, status: Literal["read", "unread"] | None = None) -> set[int]:
        """The recipients as the sender is shown them."""
        caller = messages.reader(self.inbox, self.hub.sender, self.hub.platform)
        asked = recipients.Asked(caller, message_id, status, {})
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


def insert_acknowledgement(
    connection: Connection, platform: factories.Platform, message: Any, user: factories.User
) -> None:
    """What inbox_api does with the lock and the time."""
    connection.execute(
        text("""
            INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
            SELECT :id, :user, :sent_at, next_state_at(:platform), sha256('x'), 'shared-secret', 'r-1' ON CONFLICT DO NOTHING
        """),
        {"id": message.id, "user": user.id, "sent_at": message.sent_at, "platform": platform.id},
    )


def ids(*users: factories.User) -> set[int]:
    return {user.id for user in users}


@dataclass
class Sent:
    id: uuid.UUID
    recipients: set[int]
    readers: set[int] = field(default_factory=set)
    acknowledgers: set[int] = field(default_factory=set)
    is_written: bool = False
    asks: bool = False


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
        asked = domain.Acknowledgement() if choice % 2 else None
        self.sent.append(
            Sent(self.world.hub.accept(audience, acknowledgement=asked), self.inside(scope), asks=bool(asked))
        )

    def follow(self, choice: int, _user: int) -> None:
        if self.sent:
            earlier = self.sent[choice % len(self.sent)]
            active = self.active | {self.world.hub.sender.id}
            only = "not_acknowledged" if earlier.asks else "unread"
            expected = (earlier.recipients & active) - (earlier.acknowledgers if earlier.asks else earlier.readers)
            assert self.world.count(earlier.id, only) == len(expected)
            if expected:
                self.sent.append(Sent(self.world.follow(earlier.id, only=only), expected))
            else:
                with pytest.raises(errors.HubError) as refused:
                    self.world.follow(earlier.id, only=only)
                assert refused.value.code == "no-recipients"

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

    def acknowledge(self, choice: int, user: int) -> None:
        who = self.users[user % len(self.users)]
        for one in self.sent[choice % len(self.sent) :][:1] if self.sent else []:
            if one.asks and who.id in self.active & one.recipients:
                self.world.acknowledge(one.id, who)
                one.acknowledgers.add(who.id)

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


STEPS = ("send", "follow", "follow", "read", "read", "unread", "acknowledge", "acknowledge", "move", "toggle", "write")


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


def is_waiting_for_a_lock(hub: Hub) -> bool:
    with hub.engine.connect() as connection:
        return bool(
            connection.execute(
                text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
            ).scalar_one()
        )


def test_a_follow_up_waits_for_a_reading_that_is_not_committed_yet_and_leaves_its_reader_out(world: World) -> None:
    reader, other = world.hub.join(count=2)
    message_id = world.hub.accept()
    row: Any = world.hub.message(message_id)
    key = state_store.Key(reader.id, row.sent_at, message_id)
    accepted: list[uuid.UUID] = []
    with world.inbox.connect() as connection:
        connection.begin()
        who = {"user_id": reader.id, "platform_id": world.hub.platform.id}
        position = single.find_position(db.driver(connection), **who, message_id=message_id)
        assert position is not None
        state_store.mark_read(connection, key=key, at=position.now)
        with threads.beside(lambda: accepted.append(world.follow(message_id))):
            waiting.wait_until(lambda: is_waiting_for_a_lock(world.hub))
            assert not accepted
            connection.commit()
    (follow_up,) = accepted
    world.check(follow_up, ids(other, world.hub.sender))


def test_a_reading_waits_for_a_follow_up_that_is_not_committed_yet_and_its_reader_keeps_it(world: World) -> None:
    (reader,) = world.hub.join()
    message_id = world.hub.accept()
    hub = world.hub
    content = domain.Content("Again", "Read it", follows=message_id, only="unread")
    caller = messages.caller(hub.compose, hub.sender, hub.platform)
    with hub.compose.connect() as connection:
        connection.begin()
        new = message_store.New(caller, content, messages.ORIGIN)
        follow_up = message_actions.store_message(db.driver(connection), new=new, check=lambda choice: choice)
        with threads.beside(lambda: world.read(message_id, reader)):
            waiting.wait_until(lambda: is_waiting_for_a_lock(hub))
            connection.commit()
    assert world.has(follow_up.id, reader)
    state: Any = hub.one("SELECT first_read_at FROM inbox_states WHERE message_id = :id", message_id)
    assert state.first_read_at >= follow_up.sent_at
    world.check(follow_up.id, ids(reader, hub.sender))


def test_the_number_of_a_follow_up_to_everyone_comes_of_those_whom_it_leaves_out(world: World) -> None:
    """The number of people of a directory version is known; so a million of them are not counted again."""
    hub = world.hub
    reader, leaver, both, *others = hub.join(count=6)
    message_id = hub.accept()
    world.read(message_id, reader, both)
    with hub.engine.begin() as connection:
        for one in (leaver, both):
            factories.set_status(connection, one, "disabled")
    with statements.counted() as first:
        assert world.count(message_id) == len(others) + len({hub.sender})
    with statements.counted() as again:
        assert world.count(message_id) == len(others) + len({hub.sender})
    assert len(again) == len(first) - 1


def test_a_follow_up_waits_for_an_acknowledgement_that_is_not_committed_yet_and_leaves_the_person_out(
    world: World,
) -> None:
    who, other = world.hub.join(count=2)
    message_id = world.hub.accept(acknowledgement=domain.Acknowledgement())
    accepted: list[uuid.UUID] = []
    with world.inbox.begin() as connection:
        insert_acknowledgement(connection, world.hub.platform, world.hub.message(message_id), who)
        with threads.beside(lambda: accepted.append(world.follow(message_id, only="not_acknowledged"))):
            waiting.wait_until(lambda: is_waiting_for_a_lock(world.hub))
            assert not accepted
            connection.commit()
    (follow_up,) = accepted
    world.read(message_id, other)
    world.check(follow_up, ids(other, world.hub.sender))
    assert (world.has(follow_up, who), world.has(follow_up, other)) == (False, True)


def test_an_acknowledgement_waits_for_a_follow_up_that_is_not_committed_yet_and_the_person_keeps_it(
    world: World,
) -> None:
    (who,) = world.hub.join()
    message_id = world.hub.accept(acknowledgement=domain.Acknowledgement())
    hub = world.hub
    content = domain.Content("Again", "Confirm it", follows=message_id, only="not_acknowledged")
    caller = messages.caller(hub.compose, hub.sender, hub.platform)
    with hub.compose.connect() as connection:
        connection.begin()
        new = message_store.New(caller, content, messages.ORIGIN)
        follow_up = message_actions.store_message(db.driver(connection), new=new, check=lambda choice: choice)
        with threads.beside(lambda: world.acknowledge(message_id, who)):
            waiting.wait_until(lambda: is_waiting_for_a_lock(hub))
            connection.commit()
    world.check(follow_up.id, ids(who, hub.sender))
    world.check(world.follow(message_id, only="not_acknowledged"), ids(hub.sender))


def test_a_follow_up_of_a_follow_up_leaves_out_who_acknowledged_the_first_and_who_read_the_second(world: World) -> None:
    first, second, third = world.hub.join(count=3)
    asking = world.hub.accept(acknowledgement=domain.Acknowledgement())
    world.acknowledge(asking, first)
    reminder = world.follow(asking, only="not_acknowledged")
    world.read(reminder, second)
    again = world.follow(reminder)
    world.acknowledge(asking, third)
    world.check(again, ids(third, world.hub.sender))
    world.work(again)
    world.check(again, ids(third, world.hub.sender))


@pytest.mark.parametrize("why", ["it never did", "it was superseded"])
def test_only_a_message_that_asks_for_an_acknowledgement_is_followed_by_who_has_not(world: World, why: str) -> None:
    hub = world.hub
    message_id = hub.accept(acknowledgement=domain.Acknowledgement() if "superseded" in why else None)
    if "superseded" in why:
        hub.accept(supersedes=message_id, change_summary="Another number.")
    with pytest.raises(errors.HubError) as refused:
        world.follow(message_id, only="not_acknowledged")
    assert refused.value.code == "acknowledgement-not-requested"
    assert world.follow(message_id)


def test_the_recipients_of_a_large_follow_up_are_listed_as_those_of_a_small_one(world: World) -> None:
    hub = world.hub
    reader, leaver, early, late = hub.join(count=4)
    message_id = hub.accept()
    world.read(message_id, reader)
    with hub.engine.begin() as connection:
        factories.set_status(connection, leaver, "disabled")
    follow_up = world.follow(message_id)
    world.read(follow_up, early)
    for few in (20_000, -1):
        with mock.patch.object(people_store, "_FEW_PEOPLE", few):
            assert world.listed(follow_up) == ids(early, late, hub.sender)
            assert world.listed(follow_up, status="read") == ids(early)
            assert world.listed(follow_up, status="unread") == ids(late, hub.sender)


def test_the_few_people_whom_a_follow_up_reaches_are_listed_without_checking_all_others(world: World) -> None:
    hub, people = world.hub, 3_000
    with hub.engine.begin() as connection:
        connection.execute(_ADD_PEOPLE, {"platform": hub.platform.id, "count": people})
    message_id = hub.accept()
    with hub.engine.begin() as connection:
        connection.execute(_READ_BY_MANY, {"message": message_id})
        connection.execute(text("ANALYZE memberships, inbox_states"))
    follow_up = world.follow(message_id)
    world.work(follow_up)
    with mock.patch.object(people_store, "_FEW_PEOPLE", -1):
        for status in (None, "unread"):
            expected = set(hub.recipients(follow_up))
            with statements.scans() as scans:
                assert world.listed(follow_up, status=status) == expected
            assert sum(scans) < people / 10


def test_a_large_follow_up_is_written_in_batches_while_people_read(world: World) -> None:
    users = world.hub.join(count=44)
    message_id = world.hub.accept()
    world.read(message_id, *users[::2])
    follow_up = world.follow(message_id)
    expected = ids(*users[1::2], world.hub.sender)
    world.hub.expand(follow_up)
    world.read(message_id, *users[1:9:2])
    world.check(follow_up, expected)
    world.hub.work()
    world.check(follow_up, expected)
    assert set(world.hub.recipients(follow_up)) == expected
    row: Any = world.hub.one("SELECT count(*) AS n FROM fanout_batches WHERE message_id = :id", follow_up)
    assert row.n > 1


def test_the_recall_of_the_earlier_message_leaves_its_follow_up_and_ends_further_ones(world: World) -> None:
    (reader,) = world.hub.join()
    message_id = world.hub.accept()
    follow_up = world.follow(message_id)
    world.hub.recall(message_id)
    assert world.has(follow_up, reader)
    with pytest.raises(errors.HubError) as refused:
        world.follow(message_id)
    assert refused.value.code == "recalled"
    again = world.follow(follow_up)
    world.hub.recall(follow_up)
    assert (world.has(follow_up, reader), world.has(again, reader)) == (False, True)
    world.work(again)
    world.check(again, ids(reader, world.hub.sender))


def test_a_chain_of_follow_ups_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MAX_CHAIN", 3)
    last = world.hub.accept()
    for _ in range(3):
        last = world.follow(last)
    world.check(last, ids(world.hub.sender))
    with pytest.raises(errors.HubError) as refused:
        world.follow(last)
    assert refused.value.code == "validation-failed"


def test_the_last_of_many_recipients_can_be_followed_up_and_then_there_is_none(world: World) -> None:
    """Also where the people who are looked at first have all read it."""
    first, *_, last = users = world.hub.join(count=1_005)
    message_id = world.hub.accept()
    world.hub.execute(
        """INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
           SELECT u.id, m.sent_at, m.id, now(), now(), now() FROM messages m, users u
           WHERE m.id = :id AND u.platform_id = m.platform_id AND u.id <> :last""",
        id=message_id,
        last=last.id,
    )
    assert first.id < last.id == max(user.id for user in users)
    world.check(world.follow(message_id), ids(last))
    world.read(message_id, last)
    with pytest.raises(errors.HubError) as refused:
        world.follow(message_id)
    assert refused.value.code == "no-recipients"


def test_an_expired_message_is_followed_up_like_any_other(world: World) -> None:
    users = world.hub.join(count=2)
    message_id = world.hub.accept()
    world.read(message_id, users[0])
    world.hub.execute("UPDATE messages SET expires_at = clock_timestamp() WHERE id = :id", id=message_id)
    follow_up = world.follow(message_id)
    world.check(follow_up, ids(users[1], world.hub.sender))


def test_only_the_part_within_the_senders_reach_is_addressed_and_the_message_says_so(world: World) -> None:
    hub = world.hub
    first, second, third = hub.organisations
    (inside,), (moved,), (beyond,) = (hub.join(scope) for scope in (hub.clinics[0], first, second))
    message_id = hub.accept(messages.aimed_at(second, first))
    with hub.engine.begin() as connection:
        deputy = factories.user(connection, hub.platform)
        factories.administrator(connection, deputy, first)
        stranger = factories.user(connection, hub.platform)
        factories.administrator(connection, stranger, third)
        factories.leave(connection, moved, first)
        factories.member(connection, moved, third)
    follow_up = world.follow(message_id, deputy)
    world.check(follow_up, ids(inside, moved))
    assert not world.has(follow_up, beyond)
    with hub.compose.connect() as connection:
        viewer = sent_messages.get_viewer(connection, user_id=hub.sender.id, platform_id=hub.platform.id)
        (shown,) = sent_messages.get_messages(connection, ids=[follow_up], viewer=viewer)
    assert shown.audience == ChosenScopes(False, organisations=(first.external_id,), out_of_reach=1)
    assert shown.follows == message_id
    with pytest.raises(errors.HubError) as refused:
        world.follow(message_id, stranger)
    assert refused.value.code == "not-found"


def test_a_sender_who_administers_less_by_now_addresses_what_is_left_of_it(world: World) -> None:
    hub = world.hub
    (inside,), _outside = hub.join(hub.clinics[0]), hub.join(hub.clinics[1])
    message_id = hub.accept()
    with hub.engine.begin() as connection:
        factories.administrator(connection, hub.sender, hub.clinics[0])
        factories.leave(connection, hub.sender, hub.platform)
        factories.set_status(connection, hub.sender, "active")
    follow_up = world.follow(message_id)
    world.check(follow_up, ids(inside))
    with hub.engine.begin() as connection:
        factories.leave(connection, hub.sender, hub.clinics[0])
        factories.administrator(connection, hub.sender, hub.platform)
        factories.leave(connection, hub.sender, hub.platform)
    with pytest.raises(errors.HubError) as refused:
        world.follow(message_id)
    assert refused.value.code == "audience-out-of-reach"


def test_whom_the_closing_of_a_clinic_left_active_is_reached(world: World) -> None:
    hub = world.hub
    (who,) = hub.join(hub.clinics[0])
    message_id = hub.accept(messages.aimed_at(hub.clinics[0]))
    with hub.engine.begin() as connection:
        factories.end_scope(connection, hub.clinics[0])
    follow_up = world.follow(message_id)
    world.work(follow_up)
    world.check(follow_up, ids(who))


def accept_long_ago(hub: Hub) -> uuid.UUID:
    """A message of two months ago."""
    message_id = hub.accept()
    hub.execute("SELECT create_inbox_partitions(CAST(now() - interval '62 days' AS date))")
    hub.execute("UPDATE messages SET sent_at = sent_at - interval '62 days' WHERE id = :id", id=message_id)
    return message_id


def drop_months(hub: Hub) -> int:
    """Drops all months before this one; returns how many partitions went."""
    with hub.engine.begin() as connection:
        return int(
            connection.execute(text("SELECT drop_inbox_partitions(CAST(now() AS date), '-infinity')")).scalar_one()
        )


def test_what_a_follow_up_needs_is_kept_until_it_is_written_and_then_its_entries_say_who_has_it(world: World) -> None:
    hub = world.hub
    reader, other = hub.join(count=2)
    old = accept_long_ago(hub)
    world.work(old)
    world.read(old, reader)
    follow_up = world.follow(old)
    expected = ids(other, hub.sender)
    assert drop_months(hub) == 0
    world.check(follow_up, expected)
    world.work(follow_up)
    assert drop_months(hub) == 2
    world.check(follow_up, expected)
    assert (world.has(follow_up, other), world.has(follow_up, reader)) == (True, False)
    for earlier in (old, follow_up):
        with pytest.raises(errors.HubError) as refused:
            world.follow(earlier)
        assert (refused.value.code, set(refused.value.errors or ())) == ("validation-failed", {"follows"})


def test_of_a_follow_up_without_entries_its_batches_still_say_how_many_had_it(world: World) -> None:
    hub = world.hub
    (reader,) = hub.join()
    old = accept_long_ago(hub)
    world.work(old)
    world.read(old, reader)
    follow_up = world.follow(old)
    world.work(follow_up)
    hub.execute("UPDATE inbox_retention SET dropped_before = 'infinity'")
    hub.execute("DELETE FROM inbox_entries")
    hub.execute("DELETE FROM inbox_states")
    report = verify.verify_message(hub.engine, message_id=follow_up, limit=3)
    assert report is not None
    assert (report.verdict, report.planned, report.withheld, report.delivered) == ("dropped", 1, 1, 0)
