"""Times in answers: RFC 3339, UTC, microseconds, `Z`."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import fields


def write(value: datetime) -> str:
    """`2026-11-22T15:30:00.123456Z`, always of the same length, so that times sort as text."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Time(fields.DateTime):
    """A time in an answer, as `write` writes it."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else write(value)
