"""Whether a secret that signs tokens is one: whoever guesses it can be anybody. Knows what is weak for sure, not what is strong."""

import collections
import itertools
import math

SHORTEST = 32
# What people write to be replaced later, and what stands in the examples that everybody knows.
_TELLING = (
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "placeholder",
    "example",
    "256-bit",
    "your-secret",
)
# 32 random digits have about 100 by this measure, 32 random hexadecimal ones about 115.
_FEWEST_BITS = 80
_STEPS_SHARE = 0.6


def find_weakness(secret: str) -> str | None:
    """Why `secret` may not sign tokens, in a sentence that does not show it; None when nothing speaks against it."""
    if len(secret) < SHORTEST:
        return f"Shorter than minimum length {SHORTEST}."
    advice = "make a random one: openssl rand -hex 32"
    if any(word in secret.lower() for word in _TELLING):
        return f"Looks like an example that was never replaced; {advice}."
    if _repeats(secret):
        return f"Repeats itself; {advice}."
    if _bits(secret) < _FEWEST_BITS:
        return f"Has too few different characters; {advice}."
    if _share_of_steps(secret) > _STEPS_SHARE:
        return f"Counts up or down; {advice}."
    return None


def _repeats(text: str) -> bool:
    """Whether it is made of one piece, twice or more; the last may be cut off."""
    return any(text[length:] == text[:-length] for length in range(1, len(text) // 2 + 1))


def _bits(text: str) -> float:
    """The text's entropy by how often each character comes up in it."""
    return sum(count * math.log2(len(text) / count) for count in collections.Counter(text).values())


def _share_of_steps(text: str) -> float:
    """Which part of the characters are the neighbours of those before them."""
    steps = sum(abs(ord(after) - ord(before)) <= 1 for before, after in itertools.pairwise(text))
    return steps / (len(text) - 1)
