"""Kinds of values that several commands take."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy import Connection

from cli.store import audit
from shared import text as characters

# Longer ago than anything, and still a time that PostgreSQL and Python know.
_LONGEST = timedelta(days=365_000)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Text(click.ParamType[str]):
    """Text. What a shell hands over that is not in the system's encoding arrives as halves of surrogate pairs, which nothing takes."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            self.fail(f"it is not UTF-8 at character {error.start + 1}.", param, ctx)
        return text


class Identifier(Text):
    """A user's external id, as the directory has it."""

    name = "identifier"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = characters.identifier(super().convert(value, param, ctx).strip())
        if invisible := characters.find_invisible(found):
            named = ", ".join(map(characters.code_point, invisible[:5]))
            self.fail(f"it contains the invisible character {named}.", param, ctx)
        return found


class MessageId(click.ParamType[uuid.UUID]):
    """An argument that is a message's id. What is none is refused in a sentence, before anything is asked."""

    name = "message_id"

    def convert(
        self, value: str | uuid.UUID, parameter: click.Parameter | None, context: click.Context | None
    ) -> uuid.UUID:
        try:
            return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        except ValueError:
            raise click.ClickException(
                f"{value} is not the id of a message: those look like {uuid.UUID(int=0)}."
            ) from None


class Since(click.ParamType[datetime | timedelta]):
    """How long ago (90m, 12h, 7d, 2w), or a date or time in ISO 8601, in UTC where it names no zone.

    `cli.store.database.moment_of` makes a time of it, by PostgreSQL's clock.
    """

    name = "WHEN"

    def convert(
        self, value: str | datetime | timedelta, parameter: click.Parameter | None, context: click.Context | None
    ) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        try:
            # Digits alone: int() takes signs too, and nothing was ever done since a time to come.
            if value[-1:] in _UNITS and value[:-1].isascii() and value[:-1].isdigit():
                ago = int(value[:-1]) * _UNITS[value[-1]]
                if ago > _LONGEST:
                    raise ValueError
                return ago
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f"{value} is neither like 90m, 12h, 7d or 2w nor a date like 2026-11-22 or 2026-11-22T14:30.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


TEXT = Text()
IDENTIFIER = Identifier()
MESSAGE_ID = MessageId()
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def read_platform(connection: Connection, platform: str) -> int:
    """The id of the platform with this key; raises `click.ClickException` where there is none."""
    found = audit.find_platform_id(connection, key=platform)
    if found is None:
        raise click.ClickException(f"There is no platform {platform}.")
    return found


def unknown_message(message_id: uuid.UUID) -> click.ClickException:
    return click.ClickException(f"There is no message {message_id}.")
