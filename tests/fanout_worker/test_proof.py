import dataclasses
import itertools
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fanout_worker.domain import proof
from services.fanout_worker.domain.model import Batch
from shared import audience

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MESSAGE = proof.Message(
    id=uuid.UUID(int=1),
    platform_id=1,
    platform="acme",
    sender="alice",
    status="sent",
    directory_version=1,
    follows=None,
    request_id="request-1",
    created_at=NOON,
    sent_at=NOON,
    completed_at=NOON,
    recalled_at=None,
    recalled_by=None,
    recipient_count=30,
    delivered_count=30,
    batches=2,
    undelivered=0,
    expand_published_at=None,
    expand_attempts=0,
    last_error=None,
    expires_at=None,
    is_expired=False,
    entries_dropped=False,
    last_user_id=100,
    targets=[proof.Target(1, "platform", "acme", is_in_flight=False)],
)
BATCHES = [Batch(1, 0, 40, 20, True), Batch(2, 40, 90, 10, True)]
IN_FLIGHT = {"targets": [proof.Target(1, "platform", "acme", is_in_flight=True)]}
SENDING = {"status": "sending", "completed_at": None}
RECALLED = {"status": "recalled", "recalled_at": NOON}


def found(**counts: int) -> proof.Found:
    usual = {"planned": 0, "delivered": 0, "pending": 0, "absent": 0, "early": 0}
    return proof.Found(**{**usual, **counts})


def report(changes: dict[str, object], **second: int) -> proof.Report:
    """The second batch held `second`; everything else is as it should be."""
    strays = proof.Strays(unexpected=second.pop("unexpected", 0), states=second.pop("states", 0))
    first, last = proof.Window(0, 40, 1), proof.Window(40, 90, 2)
    held = found(**(second or {"planned": 10, "delivered": 10}))
    message = dataclasses.replace(MESSAGE, **changes)  # type: ignore[arg-type]
    return proof.sum_up(message, BATCHES, [(first, found(planned=20, delivered=20)), (last, held)], strays, limit=5)


ranges = st.tuples(st.integers(0, 400_000), st.integers(1, 150_000))


@given(st.lists(ranges, max_size=6), st.integers(0, 500_000))
def test_every_id_is_in_one_window_whatever_the_batches_say(given_ranges: list[tuple[int, int]], last: int) -> None:
    batches = [Batch(seq, after, after + width, 1, True) for seq, (after, width) in enumerate(given_ranges, 1)]
    windows = list(proof.windows(batches, last))
    assert windows[0].after_user_id == audience.NO_USER
    assert windows[-1].up_to_user_id == audience.LAST_USER
    for one, following in itertools.pairwise(windows):
        assert one.after_user_id < one.up_to_user_id == following.after_user_id
    assert all(one.up_to_user_id - one.after_user_id <= proof.WIDEST for one in windows[:-1])
    by_seq = {batch.seq: batch for batch in batches}
    for one in windows:
        if one.seq is not None:
            assert by_seq[one.seq].after_user_id <= one.after_user_id
            assert one.up_to_user_id <= by_seq[one.seq].up_to_user_id


def test_what_is_as_it_should_be_holds() -> None:
    assert report({}).verdict == "holds"
    assert report({}).holds


@pytest.mark.parametrize(
    ("changes", "second", "verdict"),
    [
        ({}, {"planned": 10, "delivered": 9, "absent": 1}, "fails"),
        ({}, {"planned": 10, "delivered": 10, "unexpected": 1}, "fails"),
        ({**SENDING, **IN_FLIGHT}, {"planned": 10, "pending": 10}, "pending"),
        ({**SENDING, **IN_FLIGHT}, {"planned": 10, "delivered": 10}, "pending"),
        (RECALLED, {"planned": 10, "pending": 6, "absent": 4}, "recalled"),
        (RECALLED, {"planned": 10, "delivered": 10, "unexpected": 2}, "fails"),
        ({"entries_dropped": True}, {"planned": 10, "absent": 10}, "dropped"),
    ],
)
def test_the_verdict(changes: dict[str, object], second: dict[str, int], verdict: str) -> None:
    made = report(changes, **second)
    assert made.verdict == verdict
    assert made.planned == made.delivered + made.pending + made.missing + made.withheld
    assert bool(made.lacking) == bool(made.missing)


@pytest.mark.parametrize(
    ("changes", "second", "sentence"),
    [
        ({"recipient_count": 31}, {}, "the message says 31 recipients, the directory 30"),
        ({"recipient_count": 31}, {}, "the message says 31 recipients, its batches 30 together"),
        (
            {"undelivered": 1},
            {},
            "the message says sent, 1 of its batches do not say delivered",
        ),
        (IN_FLIGHT, {}, "the message says sent, 1 of its targets are still in flight"),
        (SENDING, {}, "only 0 of its 1 targets are in flight"),
        ({}, {"planned": 11, "delivered": 11}, "batch 2 says 10 recipients, the directory has 11 there"),
        ({}, {"planned": 10, "delivered": 10, "early": 3}, "3 entries of batch 2 are written before"),
        ({}, {"states": 2}, "2 states belong to no entry"),
    ],
)
def test_what_is_said_but_is_not_so_is_a_sentence(
    changes: dict[str, object], second: dict[str, int], sentence: str
) -> None:
    made = report(changes, **second)
    assert any(sentence in one for one in made.disagreements), made.disagreements
    assert made.verdict == "fails"


def test_people_outside_of_all_batches_are_told() -> None:
    windows = [(proof.Window(90, 100, None), found(planned=2, delivered=2))]
    made = proof.sum_up(dataclasses.replace(MESSAGE, recipient_count=2), [], windows, proof.Strays(), limit=5)
    assert "no batch covers 2 of the recipients" in made.disagreements


def test_only_a_few_of_many_wrong_batches_are_named() -> None:
    batches = [Batch(seq, seq, seq + 1, 1, True) for seq in range(9)]
    made = proof.sum_up(dataclasses.replace(MESSAGE, recipient_count=None), batches, [], proof.Strays(), limit=5)
    assert len([one for one in made.disagreements if one.startswith("batch")]) == 5
    assert "so do 4 more batches" in made.disagreements
