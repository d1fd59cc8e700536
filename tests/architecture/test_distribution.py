"""How a parallel run is distributed: what is named there exists, and what shares a hub stays together."""

from pathlib import Path

import pytest

from tests import distribution

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("named", sorted({*distribution.TOGETHER, *distribution.LONGEST}))
def test_what_is_named_exists_and_is_a_unit(named: str) -> None:
    assert (ROOT / named).exists()
    assert distribution.unit_of(f"{named}::test_something") == named


def test_a_folder_that_shares_a_hub_is_one_unit_and_any_other_file_is_one_of_its_own() -> None:
    assert distribution.unit_of("tests/flow/test_logs.py::test_one") == "tests/flow/"
    assert distribution.unit_of("tests/flow/test_stream.py::test_two[a::b]") == "tests/flow/"
    assert distribution.unit_of("tests/shared/test_db.py::test_one") == "tests/shared/test_db.py"
