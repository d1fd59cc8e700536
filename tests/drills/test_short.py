"""Each drill for as long as its windows take, on a small hub: every fault that has a window is placed in it once."""

import pytest

from drills import faults, stage
from tests.drills.conftest import SEED

SHORT = tuple(faults.DRILLS)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", SHORT)
def test_every_promise_holds_after_the_drill(house: stage.House, number: int) -> None:
    result = stage.play(house, number, faults.DRILLS[number], seed=SEED, seconds=0.5)
    assert result.failure == ""
    assert result.findings.violations == []
    assert result.faults
    assert result.findings.messages
    assert result.findings.feeds
