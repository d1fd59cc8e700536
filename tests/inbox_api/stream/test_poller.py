"""What the watch finds in PostgreSQL and whom it tells, with nobody announcing anything unless the test does."""

import asyncio
import itertools
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine

from services.inbox_api import cursor
from services.inbox_api.stream import actions, poller, store, subscribers
from tests import factories, messages
from tests.inbox_api.hub import Hub, Sent
from tests.inbox_api.stream.conftest import Recorder, join, make_subscribers, play, polling, until


def told(sent: Sent, kind: str = "notification") -> tuple[str, str]:
    return kind, str(sent.id)


@pytest.fixture
def registry() -> subscribers.Subscribers:
    return make_subscribers()


def test_without_any_announcement_a_message_is_found_within_about_a_second(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
) -> None:
    async def scene() -> None:
        async with polling(hub.inbox, registry):
            recorder = Recorder(hub, user)
            join(registry, recorder)
            sent = hub.send(sender, platform)
            await until(lambda: recorder.received, seconds=2 * poller.INTERVAL_S)
            assert recorder.received == [told(sent)]

    play(scene)


def test_an_announced_message_is_told_long_before_the_next_look(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poller, "INTERVAL_S", 3_600.0)

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorder = Recorder(hub, user)
            join(registry, recorder)
            sent = hub.send(sender, platform)
            running.read_soon(platform.id)
            await until(lambda: recorder.received)
            assert recorder.received == [told(sent)]
            running.read_soon(platform.id + 1_000)  # nobody is connected there
            running.read_soon(platform.id)
            await asyncio.sleep(0.1)
            assert recorder.received == [told(sent)], "an announcement that comes twice tells nothing twice"

    play(scene)


def test_only_those_whom_it_reached_at_its_version_are_told(
    hub: Hub, platform: factories.Platform, sender: factories.User, registry: subscribers.Subscribers
) -> None:
    organisation = hub.organisation(platform)
    clinic, other = hub.clinic(organisation), hub.clinic(hub.organisation(platform))
    stranger = hub.user(hub.platform())
    inside, above, outside = hub.user(platform, clinic), hub.user(platform, organisation), hub.user(platform, other)

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorders = {who.id: Recorder(hub, who) for who in (inside, above, outside, stranger)}
            for recorder in recorders.values():
                join(registry, recorder)
            first = hub.send(sender, clinic)
            hub.leave(inside, clinic)
            hub.join(outside, clinic)
            second = hub.send(sender, clinic)
            third = hub.send(sender, organisation)
            everyone = hub.send(sender, platform)
            running.read_soon(platform.id)
            await until(lambda: all(told(everyone) in recorders[who.id].received for who in (inside, above, outside)))
            assert recorders[inside.id].received == [told(first), told(everyone)]
            assert recorders[above.id].received == [told(third), told(everyone)]
            assert recorders[outside.id].received == [told(second), told(third), told(everyone)]
            assert recorders[stranger.id].received == []

    play(scene)


def test_those_who_had_what_is_superseded_ask_the_feed_also_where_the_later_message_is_not_theirs(
    hub: Hub, platform: factories.Platform, sender: factories.User, registry: subscribers.Subscribers
) -> None:
    clinics = [hub.clinic(hub.organisation(platform)) for _ in range(3)]
    early, late, neither = (hub.user(platform, clinic) for clinic in clinics)
    both = hub.user(platform, *clinics[:2])
    asked = {"statement": "I have read it.", "due_at": datetime.now(UTC) + timedelta(days=1)}
    earlier = hub.deliver(sender, clinics[0], **asked)

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorders = {who.id: Recorder(hub, who) for who in (early, late, both, neither)}
            for recorder in recorders.values():
                join(registry, recorder)
            later = hub.send(sender, clinics[1], supersedes=earlier.id, change_summary="Another fee.", **asked)
            last = hub.send(sender, platform)
            running.read_soon(platform.id)
            await until(lambda: all(told(last) in recorder.received for recorder in recorders.values()))
            await until(lambda: ("sync", "") in recorders[both.id].received)
            assert recorders[early.id].received == [told(last), ("sync", "")]
            assert recorders[late.id].received == [told(later), told(last)]
            assert recorders[both.id].received == [told(later), told(last), ("sync", "")]
            assert recorders[neither.id].received == [told(last)]

    play(scene)


def test_everybody_is_told_exactly_what_is_in_their_inbox_however_the_directory_changes(
    hub: Hub, platform: factories.Platform, sender: factories.User, registry: subscribers.Subscribers
) -> None:
    """People come, go and move between any two messages, streams open and close, and the watch looks when it likes."""
    chance = random.Random(5)
    organisations = [hub.organisation(platform) for _ in range(2)]
    scopes: list[factories.Scope] = [platform, *organisations, *(hub.clinic(one) for one in organisations * 2)]
    people = [hub.user(platform, *chance.sample(scopes[1:], 2)) for _ in range(8)]

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorders: list[tuple[Recorder, factories.User, set[str]]] = []
            sent: list[Sent] = []
            for _ in range(40):
                who = chance.choice(people)
                step = chance.randrange(4)
                if step == 0:
                    before = set(hub.feed_ids(who, "?limit=100"))
                    recorders.append((Recorder(hub, who), who, before))
                    await asyncio.sleep(0)  # the watch may come between arriving and joining
                    join(registry, recorders[-1][0])
                elif step == 1:
                    hub.join(who, chance.choice(scopes[1:]))
                elif step == 2:
                    hub.leave(who, chance.choice(scopes[1:]))
                else:
                    sent.append(hub.send(sender, *chance.sample(scopes, chance.randint(1, 2))))
                if chance.random() < 0.5:
                    running.read_soon(platform.id)
                    await asyncio.sleep(chance.random() * 0.02)
            last = hub.send(sender, platform)
            running.read_soon(platform.id)
            await until(lambda: all(told(last) in recorder.received for recorder, _, _ in recorders))
            for recorder, who, before in recorders:
                expected = [
                    told(one) for one in [*sent, last] if who.id in one.recipients and str(one.id) not in before
                ]
                assert recorder.received == expected

    play(scene)


def test_whoever_was_on_the_way_while_a_message_was_told_is_told_it_too_and_the_others_not_again(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
) -> None:
    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            quick, slow = Recorder(hub, user), Recorder(hub, user)
            join(registry, quick)
            sent = [hub.send(sender, platform) for _ in range(3)]
            running.read_soon(platform.id)
            await until(lambda: len(quick.received) == 3)
            join(registry, slow)
            await until(lambda: len(slow.received) == 3)
            assert quick.received == slow.received == [told(one) for one in sent]

    play(scene)


def test_a_recall_is_told_once_and_what_was_recalled_before_it_was_told_is_not_told(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
) -> None:
    clinic = hub.clinic(hub.organisation(platform))

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorder, other = Recorder(hub, hub.user(platform, clinic)), Recorder(hub, user)
            join(registry, recorder)
            join(registry, other)
            first = hub.send(sender, clinic)
            running.read_soon(platform.id)
            await until(lambda: recorder.received)
            early = hub.send(sender, clinic)
            hub.recall(first, sender)
            hub.recall(early, sender)
            for _ in range(3):
                running.read_soon(platform.id)
                await asyncio.sleep(0.1)
            assert recorder.received[0] == told(first)
            assert sorted(recorder.received[1:]) == sorted([told(first, "recalled"), told(early, "recalled")])
            assert other.received == []
            last = hub.send(sender, platform)
            await until(lambda: other.received)
            assert recorder.received[-1] == told(last)

    play(scene)


def test_an_expiry_is_told_once_to_those_who_have_the_message_and_an_expired_message_is_not_told(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
) -> None:
    clinic = hub.clinic(hub.organisation(platform))

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            before = hub.send(sender, clinic)
            recorder, other = Recorder(hub, hub.user(platform, clinic)), Recorder(hub, user)
            was_there = Recorder(hub, hub.user(platform))
            hub.expire(hub.send(sender, platform))
            after = hub.send(sender, clinic)
            for stream in (recorder, other, was_there):
                join(registry, stream)
            await until(lambda: recorder.received)
            hub.expire(before, after)
            for _ in range(3):
                running.read_soon(platform.id)
                await asyncio.sleep(0.1)
            assert recorder.received[-1] == told(after, "expired")
            assert told(before, "expired") not in recorder.received, "they joined the clinic after it was sent"
            last = hub.send(sender, platform)
            running.read_soon(platform.id)
            await until(lambda: told(last) in other.received)
            assert [kind for kind, _ in other.received] == ["expired", "notification"]
            assert recorder.received.count(told(after, "expired")) == 1

    play(scene)


def test_an_expiry_between_the_opening_of_a_stream_and_its_subscription_is_told(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
) -> None:
    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            sent = hub.send(sender, platform)
            quick, slow = Recorder(hub, user), Recorder(hub, user)
            join(registry, quick)
            hub.expire(sent)
            running.read_soon(platform.id)
            await until(lambda: quick.received)
            join(registry, slow)
            await until(lambda: slow.received)
            assert slow.received == [told(sent, "expired")]

    play(scene)


def test_what_expired_while_a_client_was_away_is_told_when_it_comes_back(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    def reopen(last: Sent) -> actions.Opening:
        event_id = cursor.encode(cursor.Position(last.sent_at, last.id))
        return actions.open_stream(hub.inbox, caller=hub.caller(user), last_event_id=event_id)

    gone = hub.deliver(sender, platform, expires_at=datetime.now(UTC) - timedelta(hours=1), days_ago=1)
    elsewhere = hub.send(sender, hub.organisation(platform))
    first, second = hub.deliver(sender, platform), hub.send(sender, platform)
    hub.expire(first, elsewhere)
    assert reopen(second).expired == (first.id,), "not what had expired before, nor what they never had"
    third = hub.send(sender, platform)
    hub.expire(second)
    opening = reopen(second)
    assert (opening.expired, [one.id for one in opening.missed or ()]) == ((first.id, second.id), [third.id])
    assert reopen(gone).missed is not None
    for sent in [hub.send(sender, platform) for _ in range(actions.REPLAY_LIMIT)]:
        hub.expire(sent)
        last = sent
    opening = reopen(last)
    assert (opening.missed, opening.expired) == (None, ()), "too many: the client asks the feed"


def test_more_than_one_look_takes_are_all_told(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actions, "NEWS_LIMIT", 4)
    monkeypatch.setattr(poller, "INTERVAL_S", 3_600.0)

    async def scene() -> None:
        async with polling(hub.inbox, registry) as running:
            recorder = Recorder(hub, user)
            join(registry, recorder)
            await asyncio.sleep(0.1)
            sent = [hub.send(sender, platform) for _ in range(10)]
            running.read_soon(platform.id)
            await until(lambda: len(recorder.received) == 10)
            assert recorder.received == [told(one) for one in sent]

    play(scene)


def test_a_failing_database_stops_nothing_and_loses_nothing(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    registry: subscribers.Subscribers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poller, "INTERVAL_S", 0.05)
    failures = itertools.count(1)
    read = actions.list_memberships

    def fail_first(*args: object, **kwargs: object) -> object:
        number = next(failures)
        if number <= 2:
            raise sqlalchemy.exc.OperationalError("", {}, Exception()) if number == 1 else ValueError("a bug")
        return read(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "list_memberships", fail_first)

    async def scene() -> None:
        async with polling(hub.inbox, registry):
            recorder = Recorder(hub, user)
            join(registry, recorder)
            sent = [hub.send(sender, platform) for _ in range(2)]
            await until(lambda: len(recorder.received) == 2)
            assert recorder.received == [told(one) for one in sent]
            assert next(failures) > 3

    play(scene)


def test_a_second_without_news_is_one_statement_for_all_platforms(
    hub: Hub, registry: subscribers.Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "INTERVAL_S", 0.05)
    people = [hub.user(hub.platform()) for _ in range(5)]
    statements: list[str] = []

    async def scene() -> None:
        async with polling(hub.inbox, registry):
            for who in people:
                join(registry, Recorder(hub, who))
            await asyncio.sleep(0.5)
            sqlalchemy.event.listen(hub.inbox, "before_cursor_execute", lambda *args: statements.append(args[2]))
            await asyncio.sleep(0.5)
            assert statements
            assert all("unnest" in statement for statement in statements)

    play(scene)


@pytest.mark.parametrize("share", [1, 128])
def test_what_is_looked_up_is_found_by_index(hub: Hub, owner_engine: Engine, share: int) -> None:
    """A platform's history may be long: looking for what is new reads none of it."""
    platform, other = hub.platform(), hub.platform()
    sender = hub.administrator(platform, platform)
    with owner_engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("""
                INSERT INTO messages (id, platform_id, sender_id, title, body, directory_version, request_id, request_hash,
                                      created_at, sent_at)
                SELECT gen_random_uuid(), :platform, :sender, 't', 'b', 1, 'r', 'h', now(), now() - n * interval '1 minute'
                FROM generate_series(1, 20000) n
            """),
            {"platform": platform.id, "sender": sender.id},
        )
        recall = (
            "UPDATE messages SET recalled_at = now() - interval '1 day', recalled_by_id = sender_id WHERE id < :below"
        )
        expire = "UPDATE messages SET expires_at = sent_at + interval '1 second'"
        connection.execute(sqlalchemy.text(expire))
        connection.execute(sqlalchemy.text(recall), {"below": f"{share:02x}000000-0000-0000-0000-000000000000"})
        connection.execute(sqlalchemy.text("ANALYZE messages"))
    opening = actions.open_stream(hub.inbox, caller=hub.caller(sender), last_event_id=None)
    known = {one.id: store.Known(opening.position.sent_at, opening.now, 10**6) for one in (platform, other)}
    with owner_engine.connect() as connection:
        asked: list[tuple[str, Any]] = []

        def keep(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
            asked.append((statement, parameters))

        sqlalchemy.event.listen(hub.inbox, "before_cursor_execute", keep)
        assert actions.list_changes(hub.inbox, known=known) == []
        since = {"after": opening.position.sent_at, "expired_since": opening.now}
        assert actions.read_news(hub.inbox, platform_id=platform.id, **since) == actions.News((), (), (), ())
        for statement, parameters in asked:
            lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            assert not [line for line in lines if "Seq Scan on messages" in line], "\n".join(lines)


def test_a_follow_up_and_its_recall_reach_only_those_who_had_not_read_the_earlier_message(
    hub: Hub, platform: factories.Platform, sender: factories.User, registry: subscribers.Subscribers
) -> None:
    reader, other = hub.user(platform), hub.user(platform)

    def accepted(message_id: uuid.UUID) -> Sent:
        return Sent(message_id, datetime.now(UTC), frozenset())

    async def scene() -> None:
        earlier = hub.send(sender, platform)
        assert hub.ask(reader, f"/v1/notifications/{earlier.id}/read", method="PUT").status_code == 200
        async with polling(hub.inbox, registry) as running:
            streams = [Recorder(hub, reader), Recorder(hub, other)]
            for one in streams:
                join(registry, one)
            follow_up = accepted(messages.follow(hub.owner, sender, platform, earlier.id))
            last = accepted(messages.accept(hub.owner, sender, platform, messages.EVERYONE))
            running.read_soon(platform.id)
            await until(lambda: all(told(last) in one.received for one in streams))
            hub.recall(follow_up, sender)
            running.read_soon(platform.id)
            await until(lambda: told(follow_up, "recalled") in streams[1].received)
            assert [one.received for one in streams] == [
                [told(last)],
                [told(follow_up), told(last), told(follow_up, "recalled")],
            ]

    play(scene)
