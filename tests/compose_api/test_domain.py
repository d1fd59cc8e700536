import time
import unicodedata
from collections.abc import Callable

import hypothesis
import pytest
from hypothesis import strategies

from services.compose_api import domain
from tests import examples

Clean = Callable[[str], str]

BOTH = pytest.mark.parametrize("clean", [domain.clean_title, domain.clean_body])
WHITE_SPACE = (
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
ZERO_WIDTH = "\u180e\u200b\u200c\u200d\u2060\ufeff"
CONTROLS = [chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))]
# Drawn as nothing, though their categories are those of letters, marks and symbols.
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159" + "".join(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)

# Mostly the characters that the rules are about, and anything else now and then.
_TEXTS = strategies.text(
    strategies.one_of(
        strategies.sampled_from(
            "aé\u0301\u0316\u0344ᾂ\u1100\u1161\u11a8\u0958😀 \t\r\n\u034f\u202e\u2067\ufe0f\u00ad\u3164\u2800"
        ),
        strategies.sampled_from(WHITE_SPACE + ZERO_WIDTH),
        strategies.characters(),
    ),
    max_size=80,
)


def refused(clean: Clean, text: str) -> str:
    with pytest.raises(domain.TextRefusedError) as error:
        clean(text)
    return str(error.value)


def by_the_letter(text: str, *, maximum: int, allowed: str) -> str | None:
    """DESIGN section 1 as it is written there, step by step; None where the text is refused."""
    controls = {c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in allowed}
    if controls or "\u202d" in text or "\u202e" in text or "\r" in text.replace("\r\n", ""):
        return None
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip(
        WHITE_SPACE + ZERO_WIDTH + "\t\n\x0b\x0c\r\x85"
    )
    if allowed == "" and ("\u2028" in text or "\u2029" in text):
        return None
    return text if 1 <= len(text) <= maximum else None


@BOTH
@pytest.mark.parametrize("character", [c for c in CONTROLS if c not in "\t\n\r"], ids=lambda c: f"U+{ord(c):04X}")
def test_a_control_character_is_refused_and_named_wherever_it_stands(clean: Clean, character: str) -> None:
    for text in (f"a{character}b", f"{character}a", f"a{character}"):
        assert f"U+{ord(character):04X}" in refused(clean, text)


@BOTH
@pytest.mark.parametrize("surrogate", [0xD800, 0xDBFF, 0xDC00, 0xDFFF], ids=hex)
def test_half_of_a_surrogate_pair_is_refused(clean: Clean, surrogate: int) -> None:
    assert "surrogate" in refused(clean, f"a{chr(surrogate)}b")


@BOTH
@pytest.mark.parametrize("override", ["\u202d", "\u202e"])
def test_a_direction_override_is_refused(clean: Clean, override: str) -> None:
    assert "override" in refused(clean, f"a{override}b")


@BOTH
@pytest.mark.parametrize(
    "mark", ["\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069"]
)
def test_other_direction_marks_stay_as_right_to_left_text_needs_them(clean: Clean, mark: str) -> None:
    assert clean(f"a{mark}b") == f"a{mark}b"


def test_tab_and_line_feed_stay_in_a_body() -> None:
    assert domain.clean_body("one\n\ttwo") == "one\n\ttwo"


def test_each_crlf_becomes_one_line_feed() -> None:
    assert domain.clean_body("one\r\n\r\ntwo\nthree") == "one\n\ntwo\nthree"


@pytest.mark.parametrize("text", ["a\rb", "\ra", "a\r", "a\r\r\nb", "a\n\rb"])
def test_a_carriage_return_of_its_own_is_refused_in_a_body(text: str) -> None:
    assert "carriage return" in refused(domain.clean_body, text)


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb", "a\rb", "a\n", "\ta", "a\u2028b", "a\u2029b"])
def test_a_title_is_one_line_without_tabs(text: str) -> None:
    refused(domain.clean_title, text)


@BOTH
@pytest.mark.parametrize("character", WHITE_SPACE + ZERO_WIDTH, ids=lambda c: f"U+{ord(c):04X}")
def test_white_space_and_zero_width_characters_are_trimmed_at_both_ends_only(clean: Clean, character: str) -> None:
    assert clean(f"{character}a{character}") == "a"
    if character not in "\u2028\u2029":
        inside = unicodedata.normalize("NFC", character)
        assert clean(f"a{character}b") == f"a{inside}b"


def test_line_ends_and_tabs_are_trimmed_from_a_body() -> None:
    assert domain.clean_body("\r\n\t one\u200b\n\ufeff") == "one"


@BOTH
def test_text_is_brought_to_nfc(clean: Clean) -> None:
    assert clean("e\u0301 \u212b \u1100\u1161\u11a8") == "é Å 각"


@pytest.mark.parametrize(("clean", "maximum"), [(domain.clean_title, 70), (domain.clean_body, 1000)])
@pytest.mark.parametrize("character", ["a", "é", "e\u0301", "😀", "\u03b1\u0313\u0300\u0345", "\u1100\u1161\u11a8"])
def test_code_points_are_counted_after_nfc_and_trimming(clean: Clean, maximum: int, character: str) -> None:
    whole = clean(f"  {character * maximum}\u200b")
    assert len(whole) == maximum
    assert f"at most {maximum}" in refused(clean, character * (maximum + 1))


@pytest.mark.parametrize(("clean", "maximum"), [(domain.clean_title, 70), (domain.clean_body, 1000)])
def test_a_character_that_nfc_takes_apart_counts_as_its_parts(clean: Clean, maximum: int) -> None:
    assert len(clean("\u0958" * (maximum // 2))) == maximum
    assert f"at most {maximum}" in refused(clean, "\u0958" * (maximum // 2 + 1))


def test_line_ends_count_as_one_character_each() -> None:
    assert len(domain.clean_body("a" + "\r\n" * 998 + "b")) == 1000


def test_white_space_to_trim_does_not_count_however_much_it_is() -> None:
    assert domain.clean_title(" " * 60_000 + "a" + "\u200b" * 1_000) == "a"


@BOTH
def test_tens_of_thousands_of_combining_marks_are_refused_at_once(clean: Clean) -> None:
    began_at = time.perf_counter()
    refused(clean, "a" + "\u0301" * 15_000 + "\u0316" * 15_000)
    assert time.perf_counter() - began_at < 0.25


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b",
        "\u00ad",  # soft hyphen
        "\u034f",  # combining grapheme joiner
        "\u061c\u200e\u200f",  # direction marks
        "\u115f\u1160",  # Hangul fillers
        "\u17b4\u17b5",  # Khmer inherent vowels
        "\u180b\u180c\u180d\u180f",  # Mongolian variation selectors
        "\u2061\u2062\u2063\u2064",  # invisible operators
        "\u2066\u2069",  # an empty isolate
        "\u2800",  # Braille blank
        "\u3164",  # Hangul filler
        "\ufe00\ufe0f",  # variation selectors
        "\uffa0",  # halfwidth Hangul filler
        "\ufff9\ufffb",  # interlinear annotation
        "\U0001d159",  # null notehead
        "\U000e0041\U000e007f",  # tags
        "\U000e0100\U000e01ef",  # variation selectors supplement
        "\u2800 \u3164\u00ad",
    ],
    ids=lambda text: " ".join(f"{ord(c):04X}" for c in text) or "empty",
)
def test_a_text_of_which_nothing_is_seen_is_refused(clean: Clean, text: str) -> None:
    assert "visible" in refused(clean, text)
    assert clean(f"{text}a{text}")


@BOTH
@pytest.mark.parametrize("text", ["0", ".", "e\u0301", "\u0301", "😀", "👩\u200d⚕\ufe0f", "字", "\u2801"])
def test_one_visible_character_is_enough(clean: Clean, text: str) -> None:
    assert clean(text)


@examples.settings(300)
@hypothesis.given(_TEXTS)
def test_a_title_is_what_the_rules_say_to_the_letter(text: str) -> None:
    agrees(domain.clean_title, text, by_the_letter(text, maximum=domain.MAX_TITLE, allowed=""))


@examples.settings(300)
@hypothesis.given(_TEXTS)
def test_a_body_is_what_the_rules_say_to_the_letter(text: str) -> None:
    agrees(domain.clean_body, text, by_the_letter(text, maximum=domain.MAX_BODY, allowed="\t\r\n"))


def agrees(clean: Clean, text: str, expected: str | None) -> None:
    if expected is None:
        refused(clean, text)
        return
    try:
        cleaned = clean(text)
    except domain.TextRefusedError as error:
        is_blank = "visible" in str(error)
    else:
        is_blank = False
        assert cleaned == expected
        assert clean(cleaned) == cleaned, "cleaning what is clean changes nothing"
    assert is_blank == all(unicodedata.category(c)[0] in "CZ" or c in BLANK for c in expected)


def test_a_draft_hashes_the_same_for_the_same_scopes_in_another_order() -> None:
    def draft(*clinics: str, organisations: tuple[str, ...] = ("o",)) -> bytes:
        return domain.Draft("t", "b", domain.Audience(False, organisations, clinics)).request_hash

    assert draft("x", "y") == draft("y", "x")
    assert draft("x", "y") != draft("x")
    assert draft("o", organisations=("x",)) != draft("x", organisations=("o",)), "an id means another thing per level"


def test_a_draft_hashes_differently_for_another_title_body_or_audience() -> None:
    audience = domain.Audience(False, ("o",))
    drafts = [("t", "b", audience), ("u", "b", audience), ("t", "c", audience), ("t", "b", domain.Audience(True))]
    assert len({domain.Draft(*draft).request_hash for draft in drafts}) == len(drafts)


ORGANISATION = domain.Target(2, "organisation", "o", frozenset([1, 2]))
CLINIC = domain.Target(3, "clinic", "c", frozenset([1, 2, 3]))


def test_visibility_is_every_target_with_all_that_contains_it() -> None:
    assert domain.visibility([CLINIC]) == {1: False, 2: False, 3: True}


def test_visibility_knows_a_chosen_organisation_as_target_whatever_the_order() -> None:
    for targets in ([ORGANISATION, CLINIC], [CLINIC, ORGANISATION]):
        assert domain.visibility(targets) == {1: False, 2: True, 3: True}


def test_visibility_of_everyone_is_the_platform_alone() -> None:
    assert domain.visibility([domain.Target(1, "platform", "everyone", frozenset([1]))]) == {1: True}


def test_a_target_inside_another_adds_nobody_to_the_audience() -> None:
    other = domain.Target(4, "clinic", "d", frozenset([1, 4]))
    assert domain.without_nested([CLINIC, ORGANISATION, other]) == (2, 4)
    assert domain.without_nested([CLINIC, other]) == (3, 4)


def test_an_administrator_reaches_what_is_inside_their_scopes_and_is_above_what_is_inside_and_not_the_same() -> None:
    for administered, covered, above in [({1}, True, True), ({2}, True, True), ({3}, True, False), ({4}, False, False)]:
        reach = domain.Reach(1, frozenset(administered))
        assert (reach.covers(CLINIC), reach.is_above(CLINIC)) == (covered, above), administered
    assert domain.Reach(1, frozenset([1])).is_above(domain.Target(1, "platform", "everyone", frozenset([1])))
