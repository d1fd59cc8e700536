"""Kinds of values that several commands take."""

from typing import Any

import click


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


TEXT = Text()
