"""How many have read each message of a list: when they are counted again, and what concurrent requests get meanwhile."""

import uuid
from collections.abc import Callable, Mapping, Sequence

import pytest

from services.inbox_api import kept_counts
from tests.inbox_api.hub import Hub

A, B, C = (uuid.UUID(int=number) for number in range(3))
Count = Callable[[Sequence[uuid.UUID]], Mapping[uuid.UUID, int]]


class Counting:
    """Counts a reader more each time and takes `took_s` for it, on a clock of its own."""

    def __init__(self, took_s: float, size: int = 10) -> None:
        self.now, self.took_s, self.times = 0.0, took_s, 0
        self.counted: list[Sequence[uuid.UUID]] = []
        self.cache: kept_counts.KeptCounts[uuid.UUID, int] = kept_counts.KeptCounts(lambda: self.now, size)

    def count(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
        self.counted.append(ids)
        self.times += 1
        self.now += self.took_s
        return dict.fromkeys(ids, self.times)

    def get(self, *ids: uuid.UUID) -> dict[uuid.UUID, int]:
        return self.cache.get(ids, self.count)


def test_a_count_is_used_again_for_a_hundred_times_as_long_as_it_took() -> None:
    counting = Counting(took_s=0.1)
    assert counting.get(A, B) == {A: 1, B: 1}
    counting.now = 9.9
    assert counting.get(A, B) == {A: 1, B: 1}
    assert counting.get(A, C) == {A: 1, C: 2}
    counting.now = 10.0
    assert counting.get(A, B, C) == {A: 3, B: 3, C: 2}
    assert counting.counted == [[A, B], [C], [A, B]]


def test_no_count_is_older_than_a_minute_however_long_counting_takes() -> None:
    counting = Counting(took_s=3.0)
    counting.get(A)
    counting.now = 49.0
    assert counting.get(A) == {A: 1}
    counting.now = 60.5
    assert counting.get(A) == {A: 2}


def test_while_one_request_counts_again_others_get_the_old_count_until_it_is_too_old() -> None:
    counting = Counting(took_s=1.0)
    counting.get(A)
    counting.now = 55.0
    meanwhile = []

    def count(ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
        meanwhile.append(counting.get(A))
        raise TimeoutError

    with pytest.raises(TimeoutError):
        counting.cache.get([A], count)
    assert meanwhile == [{A: 1}]
    counting.now = 61.0
    assert counting.get(A) == {A: 2}, "the one that failed does not keep others from counting"


def test_a_full_cache_drops_what_was_counted_first() -> None:
    counting = Counting(took_s=0.1, size=2)
    for one in (A, B, C):
        counting.get(one)
    counting.get(B, C)
    assert counting.counted == [[A], [B], [C]]
    counting.get(A)
    assert len(counting.counted) == 4


def test_a_list_shows_how_many_have_read_each_message(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    readers = [hub.user(platform) for _ in range(3)]
    written, in_flight, unread = (
        hub.deliver(sender, platform),
        hub.send(sender, platform),
        hub.deliver(sender, platform),
    )
    for sent, count in ((written, 3), (in_flight, 2)):
        for reader in readers[:count]:
            hub.ask(reader, f"/v1/notifications/{sent.id}/read", method="PUT")
    hub.ask(readers[0], f"/v1/notifications/{written.id}/read", method="DELETE")
    rows = hub.ask(sender, "/v1/sent-messages").get_json()["data"]
    assert [(row["id"], row["read_count"]) for row in rows] == [
        (str(unread.id), 0),
        (str(in_flight.id), 2),
        (str(written.id), 2),
    ]
