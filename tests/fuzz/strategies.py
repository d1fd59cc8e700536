"""What hypothesis draws from here: text as people, programs and attackers send it, any JSON, what stands in headers."""

import json
from typing import Any

from hypothesis import strategies as st

# Characters that have rules of their own, somewhere between HTTP, JSON, Python and PostgreSQL.
ODD = (
    "\0\a\b\t\n\v\f\r\x1b\x1f\x7f\x85\x9f\xa0\xad\u0301\u0344\u034f\u061c\u0958\u1100\u1161\u11a8\u115f\u180e\u200b\u200d"
    "\u200e\u2028\u2029\u202a\u202d\u202e\u2066\u2069\u2800\u3000\u3164\ud800\udbff\udc00\udfff\ue000\ufdd0\ufe0f\ufeff"
    "\uffa0\ufffd\uffff\U0001d159\U0001f600\U000e0001\U0010ffff\"'\\`%_&=;:/?#[]{}<>$-.,0٣١½éᾂ字ß "
)
TEXTS = st.text(st.one_of(st.sampled_from(ODD), st.characters(), st.sampled_from("abcXYZ019")), max_size=60)
# A length about a limit, of one character over and over.
LONG = st.builds(
    lambda character, times, end: character * times + end,
    st.sampled_from("a é😀\u0301字\u200b\n\u0958"),
    st.sampled_from([69, 70, 71, 254, 255, 256, 999, 1000, 1001, 4_000, 20_000]),
    TEXTS,
)
ANY_TEXT = st.one_of(TEXTS, TEXTS, TEXTS, LONG)
# What stands for true, one or nothing elsewhere.
TRUTHY = st.sampled_from([True, False, None, 1, 0, 1.0, 0.0, -1, "true", "True", "1", "yes", "on", "", [], {}, [True]])
ANY_JSON = st.recursive(
    st.one_of(TRUTHY, st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False), ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
# What a header can carry at all: latin-1 without line ends, which servers refuse before they ask the hub.
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=300)


def mutated(good: Any) -> st.SearchStrategy[Any]:
    """`good` with something in it replaced, left out or added."""
    return st.one_of(_replaced(good), ANY_JSON)


def _replaced(value: Any) -> st.SearchStrategy[Any]:
    choices: list[st.SearchStrategy[Any]] = [ANY_JSON]
    if isinstance(value, dict) and value:
        choices += [
            st.sampled_from(sorted(value)).flatmap(
                lambda key: _replaced(value[key]).map(lambda inner, key=key: {**value, key: inner})
            ),
            st.sampled_from(sorted(value)).map(lambda key: {k: v for k, v in value.items() if k != key}),
            st.tuples(TEXTS, ANY_JSON).map(lambda more: {**value, more[0]: more[1]}),
        ]
    if isinstance(value, list) and value:
        choices += [
            st.integers(0, len(value) - 1).flatmap(
                lambda at: _replaced(value[at]).map(lambda inner, at=at: [*value[:at], inner, *value[at + 1 :]])
            ),
            ANY_JSON.map(lambda more: [*value, more]),
            st.integers(0, 400).map(lambda times: value * times),
        ]
    return st.one_of(choices)


@st.composite
def spoilt_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """`good` as a broken program or wire would send it."""
    data = draw(
        st.sampled_from(
            [good, b"\xef\xbb\xbf" + good, good.decode().encode("utf-16"), good.decode().encode("utf-7"), b"", b"null"]
        )
    )
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        until = draw(st.integers(at, min(len(data), at + 12)))
        inserted = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(TOKENS),
                st.builds(
                    lambda token, times: token * times, st.sampled_from(TOKENS), st.sampled_from([2, 600, 30_000])
                ),
            )
        )
        data = data[:at] + inserted + data[until:]
    return data[: 70 * 1024]


TOKENS = [
    b"[",
    b"{",
    b'{"a":',
    b"]",
    b"}",
    b'"',
    b",",
    b":",
    b"9",
    b"-",
    b"1e999",
    b"NaN",
    b"Infinity",
    b"\\",
    b"\\ud800",
]
TOKENS += [b"\\u0000", b"true", b"null", b"0x1", b"//", b"/*", b"\n", b"\0", b"\xff", b"\xed\xa0\x80", b'"title":"a",']


def encodings(value: Any) -> st.SearchStrategy[bytes]:
    """The same JSON, written in several ways."""
    return st.sampled_from([{"ensure_ascii": True}, {"ensure_ascii": False}, {"indent": 1}]).map(
        lambda options: json.dumps(value, **options).encode("utf-8", "surrogatepass")
    )
