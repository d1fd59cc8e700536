import bisect
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fanout_worker import batching


class Audience:
    """Ids in memory that can be measured like those in the database, and that remembers how many ids each question spanned."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = sorted(ids)
        self.asked = 0

    def measure(self, after: int, up_to: int, limit: int) -> batching.Slice:
        self.asked += 1
        first = bisect.bisect_right(self.ids, after)
        found = self.ids[first : min(first + limit, bisect.bisect_right(self.ids, up_to))]
        return batching.Slice(count=len(found), last_user_id=found[-1] if found else 0)


def cut_to_the_end(audience: Audience, *, last: int, size: int, steps: list[int]) -> list[batching.Batch]:
    """All batches, in steps that each end after the next number of questions."""
    batches: list[batching.Batch] = []
    patience = itertools.chain(steps, itertools.repeat(1_000_000))
    for _step in range(10_000):
        questions = itertools.count()
        limit = next(patience)
        cut = batching.cut(
            audience.measure,
            after_user_id=batches[-1].up_to_user_id if batches else 0,
            last_user_id=last,
            batch_size=size,
            is_time_up=lambda questions=questions, limit=limit: next(questions) >= limit,
        )
        batches.extend(cut.batches)
        if cut.is_whole:
            return batches
    raise AssertionError("the cutting never ended")


@settings(max_examples=300, derandomize=True, deadline=None)
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


def test_without_pressure_of_time_every_batch_but_the_last_is_full() -> None:
    batches = cut_to_the_end(Audience(list(range(1, 1_006))), last=2_000, size=100, steps=[])
    assert [batch.recipient_count for batch in batches] == [100] * 10 + [5]


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


@pytest.mark.parametrize("written", [9, 11])
def test_a_batch_written_to_other_people_than_were_counted_is_refused(written: int) -> None:
    with pytest.raises(batching.WrongCountError, match=f"{written} entries for 10 recipients"):
        batching.check_written(batching.Batch(0, 10, 10), written)
