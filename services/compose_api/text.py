"""The rules of a title and a body: what people paste unknowingly is removed or normalised, and what is left must fit. Pure.

In this order: line ends become LF (in a title a space, and so does TAB); controls, direction controls and invisible characters without a
meaning are removed; NUL and half surrogates are refused; Unicode NFC; white space at the ends is trimmed; code points are counted.
"""

import re
import unicodedata

MAX_TITLE = 70
MAX_BODY = 1000

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Controls but TAB and LF; the bidi controls of UAX #9; soft hyphen, Mongolian vowel separator, zero-width space, word joiner, invisible
# operators, deprecated format characters, interlinear annotation, byte order mark, language tag.
_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001]"
)
_JOINER = re.compile("[\u200c\u200d]")
# Tag characters spell a region behind the black flag (an emoji); anywhere else they are invisible text.
_STRAY_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]+")
# Unicode's White_Space property (PropList.txt).
_WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
# Letters and symbols by their category, yet nothing is drawn: the fillers among Default_Ignorable_Code_Point, blank Braille,
# the null notehead.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
_VARIATION_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# No canonical decomposition is longer (ᾂ has four), so NFC leaves at least a quarter.
_NFC_JOINS = 4


class TextRefusedError(ValueError):
    """A title or body breaks a rule; the message says which."""


def clean_title(text: str) -> str:
    """The title as it is stored. Raises `TextRefusedError`."""
    _check(text)
    return _clean(re.sub("[\n\t]", " ", _LINE_END.sub("\n", text)), maximum=MAX_TITLE)


def clean_body(text: str) -> str:
    """The body as it is stored. Raises `TextRefusedError`."""
    _check(text)
    return _clean(_LINE_END.sub("\n", text), maximum=MAX_BODY)


def is_visible(character: str) -> bool:
    """Whether a font may draw something. What Python's Unicode tables do not know yet, as a new emoji, counts as visible."""
    category = unicodedata.category(character)
    if category == "Cn":
        return ord(character) & 0xFFFE != 0xFFFE and not 0xE0000 <= ord(character) <= 0xE0FFF
    return category[0] not in "CZ" and character not in _BLANK and not _VARIATION_SELECTOR.match(character)


def _check(text: str) -> None:
    if "\0" in text:
        raise TextRefusedError("Must not contain NUL (U+0000).")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise TextRefusedError("Must not contain half of a surrogate pair.")


def _clean(text: str, *, maximum: int) -> str:
    text = _STRAY_TAGS.sub("", _REMOVED.sub("", text))
    text = _JOINER.sub(_keep_between, text)
    # NFC neither makes nor joins white space, so trimming may come first; then a text that is far too long is refused before NFC, which
    # takes seconds over tens of thousands of combining marks.
    text = text.strip(_WHITE_SPACE)
    if len(text) > maximum * _NFC_JOINS:
        raise TextRefusedError(f"Must have at most {maximum} characters.")
    text = unicodedata.normalize("NFC", text)
    if not any(map(is_visible, text)):
        raise TextRefusedError("Must contain at least one visible character.")
    if len(text) > maximum:
        raise TextRefusedError(f"Must have at most {maximum} characters, has {len(text)}.")
    return text


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
