"""Who is connected and whom a message reaches."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from services.inbox_api import cursor
from services.inbox_api.stream import store, subscriber, subscribers
from shared import errors
from tests.inbox_api.stream.conftest import join, make_subscribers

BEGINNING = datetime(2026, 11, 22, tzinfo=UTC)


def position(number: int) -> cursor.Position:
    return cursor.Position(BEGINNING + timedelta(seconds=number), uuid.UUID(int=number))


def stream(user_id: int, *, platform_id: int = 1, at: int = 0) -> subscriber.Subscriber:
    return subscriber.Subscriber(platform_id=platform_id, user_id=user_id, position=position(at))


def membership(user_id: int, scope_id: int) -> store.Membership:
    return store.Membership(user_id, scope_id)


def test_streams_are_rejected_at_the_limit_and_admitted_again_when_one_ends() -> None:
    registry = make_subscribers(limit=2)
    ends = [registry.admitted(1), registry.admitted(2)]
    for one in ends:
        one.__enter__()
    with pytest.raises(errors.HubError, match="may"), registry.admitted(3):
        pass
    ends[0].__exit__(None, None, None)
    with registry.admitted(3):
        assert registry.count == 2
    assert registry.count == 1


def test_nothing_is_kept_of_platforms_and_users_without_streams() -> None:
    registry = make_subscribers()
    for stack in [join(registry, stream(1)), join(registry, stream(1)), join(registry, stream(2, platform_id=2))]:
        stack.close()
    assert (registry.count, registry.platforms, registry.streams()) == (0, {}, [])


def test_a_user_has_a_limit_that_no_other_user_shares() -> None:
    registry = make_subscribers()
    stacks = [join(registry, stream(1)) for _ in range(subscribers.USER_LIMIT)]
    with pytest.raises(errors.HubError, match="32"), registry.admitted(1):
        pass
    with registry.admitted(2):
        pass
    stacks[0].close()
    with registry.admitted(1):
        pass


def test_a_limit_of_zero_rejects_every_stream() -> None:
    with pytest.raises(errors.HubError), make_subscribers(limit=0).admitted(1):
        pass


def test_whoever_joins_first_or_behind_asks_for_a_look_and_others_do_not() -> None:
    asked: list[int] = []
    registry = make_subscribers()
    registry.on_news = asked.append
    join(registry, stream(1, at=5))
    assert asked == [1]
    join(registry, stream(2, at=5))
    join(registry, stream(3, at=9))
    assert asked == [1]
    assert registry.platforms[1].position == position(5)
    join(registry, stream(4, at=3))
    assert asked == [1, 1]
    assert registry.platforms[1].position == position(3), "what it missed on its way is looked at again"
    join(registry, stream(1, platform_id=2))
    assert asked == [1, 1, 2]


def test_every_stream_of_a_user_is_found_once_whatever_scopes_reach_them() -> None:
    registry = make_subscribers()
    streams = [stream(1), stream(1), stream(2), stream(3)]
    for one in streams:
        join(registry, one)
    platform = registry.platforms[1]
    assert sorted(platform.unknown(7)) == [1, 2, 3]
    rows = [membership(*row) for row in ((1, 30), (1, 20), (1, 31), (2, 20), (3, 40), (3, 21))]
    platform.add_memberships(7, [1, 2, 3], rows)
    assert platform.unknown(7) == []
    assert sorted(one.user_id for one in platform.of_users(platform.find([30, 31, 20]))) == [1, 1, 2]
    assert [one.user_id for one in platform.of_users(platform.find([31]))] == [1, 1]
    assert [one.user_id for one in platform.of_users(platform.find([21]))] == [3]
    assert list(platform.of_users(platform.find([99]))) == []


def test_another_version_is_learnt_anew_and_what_comes_too_late_is_not_mixed_in() -> None:
    registry = make_subscribers()
    join(registry, stream(1))
    platform = registry.platforms[1]
    assert platform.unknown(7) == [1]
    platform.add_memberships(7, [1], [membership(1, 30)])
    assert platform.unknown(8) == [1]
    platform.add_memberships(7, [1], [membership(1, 30)])
    assert list(platform.of_users(platform.find([30]))) == []
    platform.add_memberships(8, [1], [])
    assert (platform.unknown(8), list(platform.of_users(platform.find([30])))) == ([], []), (
        "somebody who belongs nowhere is known too"
    )


def test_whoever_leaves_is_not_found_and_is_not_remembered_for_ever() -> None:
    registry = make_subscribers()
    stays = stream(1)
    join(registry, stays)
    platform = registry.platforms[1]
    for user_id in range(2, 5_000):
        guest = stream(user_id)
        stack = join(registry, guest)
        unknown = platform.unknown(7)
        platform.add_memberships(7, unknown, [membership(one, 30) for one in unknown])
        assert len(list(platform.of_users(platform.find([30])))) == 2
        stack.close()
    assert platform.reach is not None
    assert len(platform.reach.users) < 1_100
    assert list(platform.of_users(platform.find([30]))) == [stays]


def test_what_is_found_is_what_the_plainest_search_finds() -> None:
    chance = random.Random(1)
    for _ in range(50):
        registry = make_subscribers()
        streams = [stream(chance.randrange(20)) for _ in range(40)]
        for one in streams:
            join(registry, one)
        rows = [membership(chance.randrange(20), chance.randrange(12)) for _ in range(40)]
        platform = registry.platforms[1]
        unknown = platform.unknown(1)
        platform.add_memberships(1, unknown, [row for row in rows if row.user_id in unknown])
        wanted = set(chance.sample(range(12), 3))
        reached = {row.user_id for row in rows if row.scope_id in wanted}
        found = list(platform.of_users(platform.find(wanted)))
        assert len(found) == len(set(found))
        assert set(found) == {one for one in streams if one.user_id in reached}
