"""`--since WHEN`, as several commands take it."""

from datetime import UTC, datetime, timedelta

import click

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Since(click.ParamType[datetime]):
    """A time: how long ago (90m, 12h, 7d, 2w), or a date or time in ISO 8601, in UTC where it names no zone."""

    name = "WHEN"

    def convert(
        self, value: str | datetime, parameter: click.Parameter | None, context: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            # Digits alone: int() takes signs too, and nothing was ever done since a time to come.
            if value[-1:] in _UNITS and value[:-1].isascii() and value[:-1].isdigit():
                return datetime.now(UTC) - int(value[:-1]) * _UNITS[value[-1]]
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f"{value} is neither like 90m, 12h, 7d or 2w nor a date like 2026-11-22 or 2026-11-22T14:30.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
