"""The rules of a message: its text, its audience, who may aim where. Pure: no database, no HTTP."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MAX_TITLE = 70
MAX_BODY = 1000
MAX_SCOPES = 1000
MAX_EXTERNAL_ID = 255

Level = Literal["platform", "organisation", "clinic"]

_LF, _TAB = "\n", "\t"
# LRO and RLO reverse what follows them, whatever it is; embeddings and isolates are ordinary in right-to-left text.
_BIDI_OVERRIDES = frozenset("\u202d\u202e")
_LINE_BREAKS = frozenset("\u2028\u2029")
_ZERO_WIDTH = "\u180e\u200b\u200c\u200d\u2060\ufeff"
# Unicode's White_Space property (PropList.txt).
_WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
# Letters and symbols by their category, yet nothing is drawn: the fillers among Default_Ignorable_Code_Point, blank Braille,
# the null notehead.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
# No canonical decomposition is longer (ᾂ has four), so NFC leaves at least a quarter.
_NFC_JOINS = 4


class TextRefusedError(ValueError):
    """A title or body breaks a rule; the message says which."""


@dataclass(frozen=True)
class Audience:
    """The choice as it was made, by external ids; `everyone` stands alone."""

    everyone: bool
    organisations: tuple[str, ...] = ()
    clinics: tuple[str, ...] = ()

    def scopes(self) -> list[tuple[Level, str]]:
        """The chosen organisations and clinics, each as level and external id."""
        organisations: list[tuple[Level, str]] = [("organisation", external_id) for external_id in self.organisations]
        return organisations + [("clinic", external_id) for external_id in self.clinics]


@dataclass(frozen=True)
class Draft:
    """A message that keeps the rules, not yet accepted."""

    title: str
    body: str
    audience: Audience

    @property
    def request_hash(self) -> bytes:
        """Equal for requests that ask for the same: normalised text, audience as a set."""
        audience = [self.audience.everyone, sorted(self.audience.organisations), sorted(self.audience.clinics)]
        return hashlib.sha256(json.dumps([self.title, self.body, audience]).encode()).digest()


@dataclass(frozen=True)
class Target:
    """One scope of an audience, found in the directory. Its own id is among its ancestors'."""

    scope_id: int
    level: Level
    external_id: str
    ancestor_ids: frozenset[int]


@dataclass(frozen=True)
class Reach:
    """What an administrator administers now, as ids of scopes."""

    platform_id: int
    administered: frozenset[int]

    def covers(self, target: Target) -> bool:
        """Whether they may address it: they administer it or a scope that contains it."""
        return not self.administered.isdisjoint(target.ancestor_ids)

    def is_above(self, target: Target) -> bool:
        """Whether they administer a scope that contains it; nobody is above a platform's own administrators."""
        return not self.administered.isdisjoint((target.ancestor_ids - {target.scope_id}) | {self.platform_id})


def clean_title(text: str) -> str:
    """The title as it is stored. Raises `TextRefusedError`."""
    return _clean(text, maximum=MAX_TITLE, one_line=True)


def clean_body(text: str) -> str:
    """The body as it is stored. Raises `TextRefusedError`."""
    return _clean(text, maximum=MAX_BODY, one_line=False)


def visibility(targets: Iterable[Target]) -> dict[int, bool]:
    """Every target and all its ancestors, each with whether it was chosen itself."""
    scopes: dict[int, bool] = {}
    for target in targets:
        scopes.update(dict.fromkeys(target.ancestor_ids - scopes.keys(), False))
        scopes[target.scope_id] = True
    return scopes


def without_nested(targets: Iterable[Target]) -> tuple[int, ...]:
    """The ids of the targets that no other target contains: the same audience, each person found as few times as possible."""
    by_id = {target.scope_id: target for target in targets}
    return tuple(
        sorted(
            scope_id for scope_id, target in by_id.items() if by_id.keys().isdisjoint(target.ancestor_ids - {scope_id})
        )
    )


def _clean(text: str, *, maximum: int, one_line: bool) -> str:
    _check_characters(text, one_line=one_line)
    text = text.replace("\r\n", _LF)
    if "\r" in text:
        raise TextRefusedError("Must not contain a carriage return that is not part of a line end.")
    # NFC neither makes nor joins what is trimmed, so trimming may come first; then what is far too long is refused before
    # NFC sees it, which takes seconds over tens of thousands of combining marks.
    text = text.strip(_WHITE_SPACE + _ZERO_WIDTH)
    if len(text) > maximum * _NFC_JOINS:
        raise TextRefusedError(f"Must have at most {maximum} characters.")
    text = unicodedata.normalize("NFC", text)
    if one_line and not _LINE_BREAKS.isdisjoint(text):
        raise TextRefusedError("Must not contain a line break.")
    if not any(map(_is_visible, text)):
        raise TextRefusedError("Must contain at least one visible character.")
    if len(text) > maximum:
        raise TextRefusedError(f"Must have at most {maximum} characters, has {len(text)}.")
    return text


def _check_characters(text: str, *, one_line: bool) -> None:
    allowed = "" if one_line else "\n\t\r"
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc" and character not in allowed:
            what = "a line break" if character in "\n\r" else f"the control character U+{ord(character):04X}"
            raise TextRefusedError(f"Must not contain {what}.")
        if category == "Cs":
            raise TextRefusedError("Must not contain half of a surrogate pair.")
        if character in _BIDI_OVERRIDES:
            raise TextRefusedError(f"Must not contain the direction override U+{ord(character):04X}.")


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in "CZ" and character not in _BLANK and not _is_variation_selector(character)


def _is_variation_selector(character: str) -> bool:
    return (
        "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or "\u180b" <= character <= "\u180f"
    )
