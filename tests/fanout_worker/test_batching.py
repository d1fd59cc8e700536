import bisect
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fanout_worker.domain import batching
from services.fanout_worker.domain.model import Batch
from tests import examples


class Audience:
    """Ids in memory that are measured like those in the database; counts the questions, and what was read to answer them."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = sorted(ids)
        self.asked = 0
        self.read = 0

    def count(self, after: int, up_to: int, limit: int) -> batching.Slice:
        self.asked += 1
        first = bisect.bisect_right(self.ids, after)
        end = bisect.bisect_right(self.ids, up_to)
        self.read += end - first
        found = self.ids[first : min(first + limit, end)]
        return batching.Slice(count=len(found), last_user_id=found[-1] if found else 0)


def cut_to_the_end(audience: Audience, *, last: int, size: int, steps: list[int]) -> list[Batch]:
    """All batches, in steps that each end after the next number of questions."""
    batches: list[Batch] = []
    patience = itertools.chain(steps, itertools.repeat(1_000_000))
    for _step in range(10_000):
        questions = itertools.count()
        limit = next(patience)
        cut = batching.cut(
            audience.count,
            first_seq=len(batches) + 1,
            after_user_id=batches[-1].up_to_user_id if batches else 0,
            last_user_id=last,
            batch_size=size,
            is_time_up=lambda questions=questions, limit=limit: next(questions) >= limit,
        )
        batches.extend(cut.batches)
        if cut.is_whole:
            return batches
    raise AssertionError("the cutting never ended")


@examples.settings(300)
@given(
    ids=st.sets(st.integers(1, 3_000), max_size=400) | st.sets(st.integers(1, 40), max_size=40),
    beyond=st.integers(0, 500),
    size=st.integers(1, 50),
    steps=st.lists(st.integers(0, 5), max_size=30),
)
def test_the_batches_are_the_audience_whatever_the_size_and_wherever_the_steps_end(
    ids: set[int], beyond: int, size: int, steps: list[int]
) -> None:
    audience = Audience(list(ids))
    batches = cut_to_the_end(audience, last=max(ids, default=0) + beyond, size=size, steps=steps)
    covered = [[i for i in audience.ids if b.after_user_id < i <= b.up_to_user_id] for b in batches]
    assert list(itertools.chain.from_iterable(covered)) == audience.ids
    assert [len(people) for people in covered] == [batch.recipient_count for batch in batches]
    assert all(0 < batch.recipient_count <= size for batch in batches)
    assert all(earlier.up_to_user_id <= later.after_user_id for earlier, later in itertools.pairwise(batches))


def test_without_pressure_of_time_every_batch_of_a_dense_audience_but_the_last_is_full() -> None:
    batches = cut_to_the_end(Audience(list(range(1, 1_006))), last=2_000, size=100, steps=[])
    assert [batch.recipient_count for batch in batches] == [100] * 10 + [5]


@examples.settings(100)
@given(ids=st.sets(st.integers(1, 3_000), max_size=100), beyond=st.integers(0, 3_000))
def test_an_audience_of_one_batch_is_never_two(ids: set[int], beyond: int) -> None:
    batches = cut_to_the_end(Audience(list(ids)), last=max(ids, default=0) + beyond, size=100, steps=[])
    assert [batch.recipient_count for batch in batches] == ([len(ids)] if ids else [])


def test_little_more_than_the_audience_is_read_however_sparse_it_is() -> None:
    for share in (0.9, 0.5, 0.1, 0.01):
        chance = random.Random(7)
        audience = Audience([i for i in range(200_000) if chance.random() < share])
        batches = cut_to_the_end(audience, last=200_000, size=500, steps=[])
        assert all(batch.recipient_count >= 375 for batch in batches[:-1])
        assert audience.read < 1.2 * len(audience.ids) + 1_000, share


def test_an_empty_audience_has_no_batch() -> None:
    assert cut_to_the_end(Audience([]), last=1_000_000, size=100, steps=[]) == []


def test_a_sparse_audience_takes_few_questions() -> None:
    audience = Audience(list(range(1, 100_000_000, 1_000_000)))
    cut_to_the_end(audience, last=100_000_000, size=1_000, steps=[])
    assert audience.asked < 25


def test_a_dense_stretch_after_an_empty_one_is_cut_in_full_batches() -> None:
    audience = Audience(list(range(1_000_000, 1_010_000)))
    batches = cut_to_the_end(audience, last=2_000_000, size=1_000, steps=[])
    assert [batch.recipient_count for batch in batches] == [1_000] * 10


@pytest.mark.parametrize(
    ("people", "size", "count"),
    [(0, 40, 0), (40, 40, 1), (41, 11, 4), (100, 25, 4), (160, 40, 4), (161, 21, 8), (1_000, 36, 28), (1_001, 36, 28)],
)
def test_batches_are_equal_and_a_multiple_of_four_or_just_one(people: int, size: int, count: int) -> None:
    assert batching.size(people, largest=40) == size
    batches = cut_to_the_end(Audience(list(range(1, people + 1))), last=people, size=size, steps=[])
    assert len(batches) == count


@pytest.mark.parametrize("written", [9, 11])
def test_a_batch_written_to_other_people_than_were_counted_is_refused(written: int) -> None:
    with pytest.raises(batching.WrongCountError, match=f"{written} entries for 10 recipients"):
        batching.check_written(Batch(1, 0, 10, 10), written)
