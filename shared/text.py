"""Invisible characters and Unicode's normal form: the rules that messages, names and identifiers share. Pure."""

import re
import unicodedata

# External ids of scopes and users.
MAX_IDENTIFIER = 255

# Controls but TAB and LF; the bidi controls of UAX #9; soft hyphen, Mongolian vowel separator, zero-width space, word joiner, invisible
# operators, deprecated format characters, interlinear annotation, byte order mark, language tag.
_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001]"
)
_JOINER = re.compile("[\u200c\u200d]")
# Tag characters spell a region behind the black flag (an emoji); anywhere else they are invisible text.
_STRAY_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]+")
# Letters and symbols by their category, yet nothing is drawn: the fillers among Default_Ignorable_Code_Point, blank Braille,
# the null notehead.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
_VARIATION_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# No canonical decomposition is longer (ᾂ has four), so NFC leaves at least a quarter.
_NFC_JOINS = 4


def remove_invisible(text: str) -> str:
    """`text` without controls (except TAB and LF), direction controls, and invisible characters that have no meaning where they are."""
    return _JOINER.sub(_keep_between, _STRAY_TAGS.sub("", _REMOVED.sub("", text)))


def find_invisible(text: str) -> list[str]:
    """The characters of which nothing is drawn, each once in the order of `text`. The space is not one of them."""
    if text.isascii() and text.isprintable():
        return []
    return [character for character in dict.fromkeys(text) if character != " " and not is_visible(character)]


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def nfc(text: str, *, maximum: int) -> str:
    """`text` in NFC, or as it is if no form of it has `maximum` characters or fewer.

    NFC takes seconds over tens of thousands of combining marks.
    """
    return text if len(text) > maximum * _NFC_JOINS else unicodedata.normalize("NFC", text)


def identifier(text: str) -> str:
    """An external id as the directory has it: it may arrive in another normal form from a token, a request or a command line."""
    return nfc(text, maximum=MAX_IDENTIFIER)


def email_domain(text: str) -> str:
    """The domain of an e-mail address, or of a domain by itself, as domains are stored and compared."""
    return identifier(text.rpartition("@")[2].strip()).lower()


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))


def is_visible(character: str) -> bool:
    """Whether a font may draw something. What Python's Unicode tables do not know yet, as a new emoji, counts as visible."""
    category = unicodedata.category(character)
    if category == "Cn":
        return ord(character) & 0xFFFE != 0xFFFE and not 0xE0000 <= ord(character) <= 0xE0FFF
    return category[0] not in "CZ" and character not in _BLANK and not _VARIATION_SELECTOR.match(character)


def _keep_between(joiner: re.Match[str]) -> str:
    """A joiner between letters or emoji shapes them; anywhere else it is invisible."""
    text, position = joiner.string, joiner.start()
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    return joiner.group() if _is_joined(before) and _is_joined(after) else ""


def _is_joined(character: str) -> bool:
    return bool(character) and (
        unicodedata.category(character)[0] in "LMS"
        or (unicodedata.category(character) == "Cn" and is_visible(character))
    )
