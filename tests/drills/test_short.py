"""Each drill for as long as its windows take, on a small hub: every fault is made once."""

from types import ModuleType

import httpx
import pytest

from drills import database, faults, others, scenario
from drills.faults import compose_killed
from tests.drills.conftest import SEED

SHORT = tuple(faults.DRILLS)
LEFT = (
    "CREATE FUNCTION drill_left() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER drill_left BEFORE INSERT ON inbox_entries FOR EACH ROW EXECUTE FUNCTION drill_left()",
)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", SHORT)
def test_every_invariant_holds_after_the_drill(testbed: scenario.Testbed, number: int) -> None:
    result = scenario.run(testbed, number, faults.DRILLS[number], seed=SEED, seconds=0.5)
    assert result.failure == ""
    assert result.findings.violations == []
    assert result.faults
    assert result.findings.messages
    # Others may be over before a message is followed up.
    assert result.findings.follow_ups or faults.DRILLS[number] is not compose_killed
    assert result.findings.feeds


@pytest.mark.timeout(240)
def test_a_drill_that_failed_leaves_nothing_to_the_next_one(testbed: scenario.Testbed) -> None:
    def drill(of: scenario.Scenario) -> None:
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(503))) as client:
            others.check_served(of, client, "nothing", seconds=0)
        database.change(of.engine, *LEFT)
        raise RuntimeError("in the middle")

    failing = ModuleType("failing")
    failing.__dict__["drill"] = drill
    result = scenario.run(testbed, 0, failing, seed=SEED, seconds=0.0)
    assert "in the middle" in result.failure
    assert not result.is_clean
    rejected = {one.what.partition(" is ")[0] for one in result.findings.violations}
    assert {"a preview", "a feed", "counts", "the history", "a message"} <= rejected
    testbed.prepare()
    with testbed.hub.engine.connect() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM pg_trigger WHERE tgname = 'drill_left'").scalar_one()
    assert left == 0
