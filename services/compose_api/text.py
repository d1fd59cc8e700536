"""The rules of the texts that senders write: what people paste unknowingly is removed or normalised, and what is left must fit. Pure.

In this order: line ends become LF (in a text of one line a space, and so does TAB); controls, direction controls and invisible characters
without a meaning are removed; NUL and half surrogates are refused; Unicode NFC; white space at the ends is trimmed; code points are
counted.
"""

import re

from shared import text as characters

MAX_TITLE = 70
MAX_BODY = 1000
MAX_STATEMENT = 200
MAX_NOTE = 500
MIN_SUMMARY, MAX_SUMMARY = 8, 300

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Unicode's White_Space property (PropList.txt).
_WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)


class TextRefusedError(ValueError):
    """A text breaks a rule; the message says which."""


def clean_title(text: str) -> str:
    """The title as it is stored. Raises `TextRefusedError`."""
    return _clean_line(text, maximum=MAX_TITLE)


def clean_note(text: str) -> str:
    """The note of a reminder, cleaned as a body is. Raises `TextRefusedError`."""
    _check(text)
    return _clean(_LINE_END.sub("\n", text), maximum=MAX_NOTE)


def clean_statement(text: str) -> str:
    """What recipients confirm, cleaned as a title is. Raises `TextRefusedError`."""
    return _clean_line(text, maximum=MAX_STATEMENT)


def clean_summary(text: str) -> str:
    """What a correction changes, cleaned as a title is. Raises `TextRefusedError`."""
    summary = _clean_line(text, maximum=MAX_SUMMARY)
    if len(summary) < MIN_SUMMARY:
        raise TextRefusedError(f"Must have at least {MIN_SUMMARY} characters, has {len(summary)}.")
    return summary


def clean_body(text: str) -> str:
    """The body as it is stored. Raises `TextRefusedError`."""
    _check(text)
    return _clean(_LINE_END.sub("\n", text), maximum=MAX_BODY)


def _clean_line(text: str, *, maximum: int) -> str:
    _check(text)
    return _clean(re.sub("[\n\t]", " ", _LINE_END.sub("\n", text)), maximum=maximum)


def _check(text: str) -> None:
    if "\0" in text:
        raise TextRefusedError("Must not contain NUL (U+0000).")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise TextRefusedError("Must not contain half of a surrogate pair.")


def _clean(text: str, *, maximum: int) -> str:
    # NFC neither makes nor joins white space, so trimming may come first.
    text = characters.nfc(characters.remove_invisible(text).strip(_WHITE_SPACE), maximum=maximum)
    if not any(map(characters.is_visible, text)):
        raise TextRefusedError("Must contain at least one visible character.")
    if len(text) > maximum:
        raise TextRefusedError(f"Must have at most {maximum} characters, has {len(text)}.")
    return text
