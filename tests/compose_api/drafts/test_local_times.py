"""Local times become moments: by zone, in gaps, twice, and in years and zones of every kind."""

import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from services.compose_api import local_times

TABLE = """
zone               | local            | moment            | adjusted
UTC                | 2026-10-04T02:30 | 2026-10-04T02:30Z |
Australia/Sydney   | 2026-07-01T09:00 | 2026-06-30T23:00Z |
Australia/Sydney   | 2026-12-01T09:00 | 2026-11-30T22:00Z |
Australia/Sydney   | 2026-10-04T01:59 | 2026-10-03T15:59Z |
Australia/Sydney   | 2026-10-04T02:00 | 2026-10-03T16:00Z | gap
Australia/Sydney   | 2026-10-04T02:30 | 2026-10-03T16:30Z | gap
Australia/Sydney   | 2026-10-04T03:00 | 2026-10-03T16:00Z |
Australia/Sydney   | 2026-10-04T03:30 | 2026-10-03T16:30Z |
Australia/Sydney   | 2026-04-05T01:59 | 2026-04-04T14:59Z |
Australia/Sydney   | 2026-04-05T02:00 | 2026-04-04T15:00Z | ambiguous
Australia/Sydney   | 2026-04-05T02:30 | 2026-04-04T15:30Z | ambiguous
Australia/Sydney   | 2026-04-05T03:00 | 2026-04-04T17:00Z |
Australia/Lord_Howe | 2026-07-01T09:00 | 2026-06-30T22:30Z |
Australia/Lord_Howe | 2026-12-01T09:00 | 2026-11-30T22:00Z |
Australia/Lord_Howe | 2026-10-04T02:00 | 2026-10-03T15:30Z | gap
Australia/Lord_Howe | 2026-10-04T02:29 | 2026-10-03T15:59Z | gap
Australia/Lord_Howe | 2026-10-04T02:30 | 2026-10-03T15:30Z |
Australia/Lord_Howe | 2026-04-05T01:29 | 2026-04-04T14:29Z |
Australia/Lord_Howe | 2026-04-05T01:30 | 2026-04-04T14:30Z | ambiguous
Australia/Lord_Howe | 2026-04-05T01:59 | 2026-04-04T14:59Z | ambiguous
Australia/Lord_Howe | 2026-04-05T02:00 | 2026-04-04T15:30Z |
Europe/London      | 2026-01-15T09:00 | 2026-01-15T09:00Z |
Europe/London      | 2026-07-15T09:00 | 2026-07-15T08:00Z |
Europe/London      | 2026-03-29T00:59 | 2026-03-29T00:59Z |
Europe/London      | 2026-03-29T01:00 | 2026-03-29T01:00Z | gap
Europe/London      | 2026-03-29T01:30 | 2026-03-29T01:30Z | gap
Europe/London      | 2026-03-29T02:00 | 2026-03-29T01:00Z |
Europe/London      | 2026-10-25T01:00 | 2026-10-25T00:00Z | ambiguous
Europe/London      | 2026-10-25T01:30 | 2026-10-25T00:30Z | ambiguous
Europe/London      | 2026-10-25T02:00 | 2026-10-25T02:00Z |
Pacific/Kiritimati | 2026-12-31T23:59 | 2026-12-31T09:59Z |
Pacific/Kiritimati | 2027-01-01T00:00 | 2026-12-31T10:00Z |
Pacific/Kiritimati | 1994-12-31T12:00 | 1994-12-31T22:00Z | gap
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize(("zone", "local", "moment", "adjusted"), ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_a_local_time_is_the_moment_of_the_table(zone: str, local: str, moment: str, adjusted: str) -> None:
    resolved = local_times.resolve(datetime.fromisoformat(local), zone)
    assert resolved == local_times.Resolved(datetime.fromisoformat(moment), adjusted or None)
    assert resolved.at.tzinfo is UTC


@pytest.mark.parametrize("year", [1000, 8999])
@pytest.mark.parametrize("edge", ["01-01T00:00", "12-31T23:59:59"])
def test_every_zone_has_the_years_that_are_accepted(year: int, edge: str) -> None:
    for zone in local_times.ZONES:
        local_times.resolve(datetime.fromisoformat(f"{year}-{edge}"), zone)


def test_the_rules_of_the_host_are_not_used() -> None:
    code = "from services.compose_api import local_times; import zoneinfo; print(zoneinfo.TZPATH)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"\(\)\n", printed)
