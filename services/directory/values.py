"""The rules of single values of a directory, from files or over HTTP. Pure.

Control characters, such as line breaks and NUL, are refused. Identifiers and e-mail addresses are compared with what tokens say, so they
are NFC and hold nothing invisible. Names are for people: NFC, without invisible characters that have no meaning.
"""

import re
from dataclasses import dataclass

from shared import text

# With direction overrides and line separators, which change how other names on the same line or terminal look.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e\ud800-\udfff]")
_LINE_BREAKS = "\r\n\u2028\u2029"


@dataclass(frozen=True)
class Column:
    """`is_name`: for people only."""

    name: str
    max_length: int
    required: bool = True
    choices: tuple[str, ...] = ()
    is_name: bool = False

    def clean(self, value: str) -> str:
        """`value` as it is stored. Blanks around it are dropped."""
        if is_plain(value):
            return value.strip()
        if self.is_name:
            value = text.remove_invisible(value)
        return text.nfc(value.strip(), maximum=self.max_length)

    def find_bad_characters(self, value: str) -> str | None:
        """What is wrong with the characters of `value`, by code point."""
        control = _CONTROL.search(value)
        if control:
            found = control.group()
            return (
                "contains a line break"
                if found in _LINE_BREAKS
                else f"contains the control character {text.code_point(found)}"
            )
        value = value.strip()
        invisible = text.find_invisible(value)
        if self.is_name:
            hidden = bool(value) and not any(map(text.is_visible, value))
            return (
                f"has no visible character, only {', '.join(map(text.code_point, invisible[:5]))}" if hidden else None
            )
        return (
            f"contains the invisible character {', '.join(map(text.code_point, invisible[:5]))}" if invisible else None
        )

    def find_problem(self, value: str) -> str | None:
        """What is wrong with a clean `value`."""
        if not value:
            return f"{self.name} is empty" if self.required else None
        if self.choices:
            is_known = value in self.choices
            return None if is_known else f'{self.name} "{value[:40]}" is not one of {", ".join(self.choices)}'
        if len(value) > self.max_length:
            return f"{self.name} has {len(value)} characters; the limit is {self.max_length}"
        return None


def is_plain(value: str) -> bool:
    """Whether `value` is printable ASCII, which no rule of characters changes or refuses."""
    return value.isascii() and value.isprintable()


EXTERNAL_ID = Column("external_id", text.MAX_IDENTIFIER)
NAME = Column("name", 200, is_name=True)
EMAIL = Column("email", 320, required=False)
