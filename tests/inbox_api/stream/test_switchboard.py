"""Who is connected and whom a message reaches."""

import random
import uuid
from datetime import UTC, datetime, timedelta

from services.inbox_api import cursor
from services.inbox_api.stream import connection, store, switchboard

BEGINNING = datetime(2026, 11, 22, tzinfo=UTC)


def position(number: int) -> cursor.Position:
    return cursor.Position(BEGINNING + timedelta(seconds=number), uuid.UUID(int=number))


def stream(user_id: int, *, platform_id: int = 1, at: int = 0) -> connection.Stream:
    return connection.Stream(platform_id=platform_id, user_id=user_id, position=position(at))


def membership(user_id: int, scope_id: int) -> store.Membership:
    return store.Membership(user_id, scope_id)


def test_a_board_is_full_at_its_limit_and_has_room_again_when_somebody_leaves() -> None:
    board = switchboard.Switchboard(limit=2)
    streams = [stream(1), stream(1)]
    for one in streams:
        assert not board.is_full()
        board.join(one)
    assert board.is_full()
    assert set(board.streams()) == set(streams)
    board.leave(streams[0])
    assert not board.is_full()
    board.leave(streams[1])
    assert (board.count, board.platforms) == (0, {}), "nothing is kept of platforms where nobody is"


def test_one_user_has_no_more_than_so_many() -> None:
    board = switchboard.Switchboard(limit=1_000)
    for _ in range(switchboard.MOST_OF_A_USER):
        assert not board.has_many(platform_id=1, user_id=1)
        board.join(one := stream(1))
    assert board.has_many(platform_id=1, user_id=1)
    assert not board.has_many(platform_id=1, user_id=2)
    assert not board.has_many(platform_id=2, user_id=1)
    board.leave(one)
    assert not board.has_many(platform_id=1, user_id=1)


def test_no_streams_at_all_may_be_wanted() -> None:
    assert switchboard.Switchboard(limit=0).is_full()


def test_whoever_joins_first_or_behind_asks_for_a_look_and_others_do_not() -> None:
    asked: list[int] = []
    board = switchboard.Switchboard(limit=9, on_join=asked.append)
    board.join(stream(1, at=5))
    assert asked == [1]
    board.join(stream(2, at=5))
    board.join(stream(3, at=9))
    assert asked == [1]
    assert board.platforms[1].position == position(5)
    board.join(stream(4, at=3))
    assert asked == [1, 1]
    assert board.platforms[1].position == position(3), "what it missed on its way is looked at again"
    board.join(stream(1, platform_id=2))
    assert asked == [1, 1, 2]


def test_every_stream_of_a_user_is_found_once_whatever_scopes_reach_them() -> None:
    board = switchboard.Switchboard(limit=9)
    streams = [stream(1), stream(1), stream(2), stream(3)]
    for one in streams:
        board.join(one)
    platform = board.platforms[1]
    assert sorted(platform.unknown(7)) == [1, 2, 3]
    platform.learn(7, [1, 2, 3], [membership(*row) for row in ((1, 30), (1, 20), (1, 31), (2, 20), (3, 40), (3, 21))])
    assert platform.unknown(7) == []
    assert sorted(one.user_id for one in platform.find([30, 31, 20])) == [1, 1, 2]
    assert [one.user_id for one in platform.find([31])] == [1, 1]
    assert [one.user_id for one in platform.find([21])] == [3]
    assert list(platform.find([99])) == []


def test_another_version_is_learnt_anew_and_what_comes_too_late_is_not_mixed_in() -> None:
    board = switchboard.Switchboard(limit=9)
    board.join(stream(1))
    platform = board.platforms[1]
    assert platform.unknown(7) == [1]
    platform.learn(7, [1], [membership(1, 30)])
    assert platform.unknown(8) == [1]
    platform.learn(7, [1], [membership(1, 30)])
    assert list(platform.find([30])) == []
    platform.learn(8, [1], [])
    assert (platform.unknown(8), list(platform.find([30]))) == ([], []), "somebody who belongs nowhere is known too"


def test_whoever_leaves_is_not_found_and_is_not_remembered_for_ever() -> None:
    board = switchboard.Switchboard(limit=9)
    stays = stream(1)
    board.join(stays)
    platform = board.platforms[1]
    for user_id in range(2, 5_000):
        guest = stream(user_id)
        board.join(guest)
        unknown = platform.unknown(7)
        platform.learn(7, unknown, [membership(one, 30) for one in unknown])
        assert len(list(platform.find([30]))) == 2
        board.leave(guest)
    assert platform.reach is not None
    assert len(platform.reach.users) < 1_100
    assert list(platform.find([30])) == [stays]


def test_what_is_found_is_what_the_plainest_search_finds() -> None:
    chance = random.Random(1)
    for _ in range(50):
        board = switchboard.Switchboard(limit=99)
        streams = [stream(chance.randrange(20)) for _ in range(40)]
        for one in streams:
            board.join(one)
        rows = [membership(chance.randrange(20), chance.randrange(12)) for _ in range(40)]
        platform = board.platforms[1]
        unknown = platform.unknown(1)
        platform.learn(1, unknown, [row for row in rows if row.user_id in unknown])
        wanted = set(chance.sample(range(12), 3))
        reached = {row.user_id for row in rows if row.scope_id in wanted}
        found = list(platform.find(wanted))
        assert len(found) == len(set(found))
        assert set(found) == {one for one in streams if one.user_id in reached}
