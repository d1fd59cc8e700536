"""Local times in a time zone. Pure. By the rules of the package tzdata: those of hosts and of PostgreSQL may be others."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

zoneinfo.reset_tzpath(to=())
ZONES = frozenset(zoneinfo.available_timezones())


@dataclass(frozen=True)
class Resolved:
    """A moment in UTC. `gap`: the clocks skip the local time; `ambiguous`: they show it twice."""

    at: datetime
    adjusted: Literal["gap", "ambiguous"] | None


def resolve(local: datetime, time_zone: str) -> Resolved:
    """A local time that the clocks skip moves forward by what they skip; of one that comes twice the first counts."""
    zone = zoneinfo.ZoneInfo(time_zone)
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    at = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return Resolved(at, None)
    is_skipped = at.astimezone(zone).replace(tzinfo=None) != local
    return Resolved(at, "gap" if is_skipped else "ambiguous")
