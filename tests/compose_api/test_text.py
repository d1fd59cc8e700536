"""What becomes of a pasted title and body, held to the rules of DESIGN section 1 by a second implementation.

The table web/console/logic/text.cases.json holds the console's implementation to the same.
"""

import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from services.compose_api import text as rules
from tests import examples

Clean = Callable[[str], str]

BOTH = pytest.mark.parametrize("clean", [rules.clean_title, rules.clean_body])
LINE_ENDS = ["\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"]
WHITE_SPACE = (
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
CONTROLS = [chr(code) for code in (*range(1, 0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t\n\v\f\r\x85"]
BIDI_CONTROLS = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = list("\u00ad\u180e\u200b\u2060\u2061\u2064\u206a\u206f\ufeff\ufff9\ufffb\U000e0001")
JOINERS = "\u200c\u200d"
# Drawn as nothing, though their categories are those of letters, marks and symbols.
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159" + "".join(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

_TABLE = Path(__file__).parents[2] / "web/console/logic/text.cases.json"
CASES: list[dict[str, Any]] = json.loads(_TABLE.read_text(encoding="utf-8"))

# Mostly the characters that the rules are about, and anything else now and then.
_TEXTS = strategies.text(
    strategies.one_of(
        strategies.sampled_from(
            "aé\u0301\u0316\u0344ᾂ\u1100\u1161\u11a8\u0958😀 \t\r\n\u034f\ufe0f\u3164\u2800\U0001f3f4\U000e0067"
        ),
        strategies.sampled_from([*WHITE_SPACE, *JOINERS, *BIDI_CONTROLS, *INVISIBLE, *CONTROLS, "\v", "\f", "\x85"]),
        strategies.characters(),
    ),
    max_size=80,
)


def refused(clean: Clean, text: str) -> str:
    with pytest.raises(rules.TextRefusedError) as error:
        clean(text)
    return str(error.value)


def by_the_letter(text: str, *, maximum: int, is_title: bool) -> str | None:
    """DESIGN section 1 as it is written there, character by character; None where the text is refused."""
    for end in LINE_ENDS:
        text = text.replace(end, "\n")
    if is_title:
        text = text.replace("\n", " ").replace("\t", " ")
    if any(unicodedata.category(c) == "Cs" or c == "\0" for c in text):
        return None
    kept: list[str] = []
    for c in text:
        is_control = unicodedata.category(c) == "Cc" and c not in "\t\n"
        is_tag = 0xE0020 <= ord(c) <= 0xE007F
        if is_control or c in BIDI_CONTROLS or c in INVISIBLE or 0x2060 <= ord(c) <= 0x206F or c == "\ufffa":
            continue
        if is_tag and not (kept and (kept[-1] == "\U0001f3f4" or 0xE0020 <= ord(kept[-1]) <= 0xE007F)):
            continue
        kept.append(c)
    joined = [
        c
        for i, c in enumerate(kept)
        if c not in JOINERS or (0 < i < len(kept) - 1 and joins(kept[i - 1]) and joins(kept[i + 1]))
    ]
    text = unicodedata.normalize("NFC", "".join(joined)).strip(WHITE_SPACE + "\t\n")
    return text if len(text) <= maximum and any(map(is_seen, text)) else None


def joins(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMS" or (category == "Cn" and is_seen(character))


def is_seen(character: str) -> bool:
    """Whether something may be drawn; a code point without a meaning yet may be a new emoji."""
    category, number = unicodedata.category(character), ord(character)
    if category == "Cn":
        return number % 0x10000 < 0xFFFE and number >> 12 != 0xE0
    return category[0] not in "CZ" and character not in BLANK


@BOTH
@pytest.mark.parametrize(
    "character", [*CONTROLS, *BIDI_CONTROLS, *INVISIBLE, *JOINERS], ids=lambda character: f"U+{ord(character):04X}"
)
def test_pasted_controls_and_invisible_characters_are_removed(clean: Clean, character: str) -> None:
    assert clean(f"{character}1{character} 2{character}") == "1 2"


@BOTH
def test_nul_and_half_surrogates_are_refused(clean: Clean) -> None:
    assert "NUL" in refused(clean, "a\0b")
    for surrogate in (0xD800, 0xDBFF, 0xDC00, 0xDFFF):
        assert "surrogate" in refused(clean, f"a{chr(surrogate)}b")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_the_table_that_the_console_is_held_to(case: dict[str, Any]) -> None:
    agrees(rules.clean_title, case["text"], case["title"])
    agrees(rules.clean_body, case["text"], case["body"])


@pytest.mark.parametrize("end", [*LINE_ENDS, "\n"], ids=ascii)
def test_every_line_end_becomes_one_line_feed_in_a_body_and_a_space_in_a_title(end: str) -> None:
    assert rules.clean_body(f"one{end}two{end}{end}three") == "one\ntwo\n\nthree"
    assert rules.clean_title(f"one{end}two") == "one two"


@BOTH
@pytest.mark.parametrize("character", WHITE_SPACE, ids=lambda character: f"U+{ord(character):04X}")
def test_white_space_is_trimmed_at_both_ends(clean: Clean, character: str) -> None:
    assert clean(f"{character}a{character}") == "a"


@pytest.mark.parametrize(("clean", "maximum"), [(rules.clean_title, 70), (rules.clean_body, 1000)])
@pytest.mark.parametrize("character", ["a", "é", "e\u0301", "😀", "\u03b1\u0313\u0300\u0345", "\u1100\u1161\u11a8"])
def test_code_points_are_counted_after_everything_else(clean: Clean, maximum: int, character: str) -> None:
    whole = clean(f"  {character * maximum}\u200b")
    assert len(whole) == maximum
    assert f"at most {maximum}" in refused(clean, character * (maximum + 1))


@pytest.mark.parametrize(("clean", "maximum"), [(rules.clean_title, 70), (rules.clean_body, 1000)])
def test_a_character_that_nfc_takes_apart_counts_as_its_parts(clean: Clean, maximum: int) -> None:
    assert len(clean("\u0958" * (maximum // 2))) == maximum
    assert f"at most {maximum}" in refused(clean, "\u0958" * (maximum // 2 + 1))


def test_line_ends_count_as_one_character_each() -> None:
    assert len(rules.clean_body("a" + "\r\n" * 998 + "b")) == 1000


def test_what_is_removed_does_not_count_however_much_it_is() -> None:
    assert rules.clean_title(" " * 60_000 + "a" + "\u200b" * 1_000) == "a"


@BOTH
def test_tens_of_thousands_of_combining_marks_are_refused_at_once(clean: Clean) -> None:
    began_at = time.process_time()
    refused(clean, "a" + "\u0301" * 15_000 + "\u0316" * 15_000)
    assert time.process_time() - began_at < 0.25


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b",
        "\u034f",  # combining grapheme joiner
        "\u115f\u1160",  # Hangul fillers
        "\u17b4\u17b5",  # Khmer inherent vowels
        "\u180b\u180c\u180d\u180f",  # Mongolian variation selectors
        "\u2066\u2069",  # an empty isolate
        "\u2800",  # Braille blank
        "\u3164",  # Hangul filler
        "\ufe00\ufe0f",  # variation selectors
        "\uffa0",  # halfwidth Hangul filler
        "\U0001d159",  # null notehead
        "\U000e0100\U000e01ef",  # variation selectors supplement
        "\ufffe",  # no character at all
        "\u2800 \u3164\u00ad",
    ],
    ids=lambda text: " ".join(f"{ord(c):04X}" for c in text) or "empty",
)
def test_a_text_of_which_nothing_is_visible_is_refused(clean: Clean, text: str) -> None:
    assert "visible" in refused(clean, text)
    assert clean(f"{text}a{text}")


@BOTH
@pytest.mark.parametrize("text", ["0", ".", "e\u0301", "\u0301", "😀", "字", "\u2801", "\U0001fadd"], ids=ascii)
def test_one_visible_character_is_enough_also_one_that_python_does_not_know_yet(clean: Clean, text: str) -> None:
    assert clean(text)


@examples.settings(300)
@hypothesis.given(_TEXTS)
def test_a_title_is_what_the_rules_say_to_the_letter(text: str) -> None:
    agrees(rules.clean_title, text, by_the_letter(text, maximum=rules.MAX_TITLE, is_title=True))


@examples.settings(300)
@hypothesis.given(_TEXTS)
def test_a_body_is_what_the_rules_say_to_the_letter(text: str) -> None:
    agrees(rules.clean_body, text, by_the_letter(text, maximum=rules.MAX_BODY, is_title=False))


def agrees(clean: Clean, text: str, expected: str | None) -> None:
    if expected is None:
        refused(clean, text)
        return
    cleaned = clean(text)
    assert cleaned == expected
    assert clean(cleaned) == cleaned, "cleaning what is clean changes nothing"
