"""Fragments of SQL that take a column of the statement around them."""

import re

import pytest

from services.inbox_api.store import people, visibility
from shared import follow_ups

# A message's own row `m`, and a row of the words that are searched for, which no column is put beside.
_NAMED = {"outer_row", "m", "wanted"}
_FRAGMENTS = (
    follow_ups.excluded(follow_ups.CHAIN, "outer_row.user_id"),
    follow_ups.is_recipient("outer_row.user_id"),
    people.IS_WANTED.format("outer_row.user_id"),
    visibility.MAY_SEE.format("outer_row", "message_id"),
    visibility.FITS_SEARCH.format("outer_row", "message_id"),
    visibility.reached(":scope_id").format("outer_row", "message_id"),
)


@pytest.mark.parametrize("fragment", _FRAGMENTS)
def test_no_row_of_theirs_hides_one_of_the_statement_around_them(fragment: str) -> None:
    """The names of their own rows begin with an underscore, and those of statements do not."""
    rows = set(re.findall(r"(\w+)\.\w", fragment)) - _NAMED
    assert rows
    assert {row for row in rows if not row.startswith("_")} == set()
