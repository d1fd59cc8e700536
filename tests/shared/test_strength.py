"""Which secrets may not sign tokens, and that random ones always may."""

import base64
import random
import string

import pytest

from shared import strength


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "Shorter"),
        ("k7Qm" * 7 + "k7Q", "Shorter"),
        ("s" * 32, "Repeats"),
        ("ab" * 20, "Repeats"),
        ("0123456789abcdef" * 2, "Repeats"),
        ("k7Qm2xZ9" * 4, "Repeats"),
        ("demo-secret-demo-secret-demo-secret-demo", "Repeats"),
        ("k7Qm2xZ9pL4vB8nR" * 2 + "k7", "Repeats"),
        ("s" * 31 + "t", "too few different"),
        ("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "too few different"),
        ("abcdefghijklmnopqrstuvwxyz012345", "Counts"),
        ("zyxwvutsrqponmlkjihgfedcba987654", "Counts"),
        ("a-string-secret-at-least-256-bits-long", "example"),
        ("your-256-bit-secret-your-256-bit", "example"),
        ("ChangeMe-8f3a9c2b7e1d4f60a5b8c3d2e1", "example"),
        ("Replace_Me-8f3a9c2b7e1d4f60a5b8c3d2", "example"),
        ("an-example-8f3a9c2b7e1d4f60a5b8c3d2", "example"),
    ],
)
def test_what_can_be_guessed_is_refused_with_a_reason_that_does_not_show_it(secret: str, why: str) -> None:
    found = strength.find_weakness(secret)
    assert found is not None
    assert why in found
    assert not secret or secret not in found


@pytest.mark.parametrize("alphabet", [string.digits, "0123456789abcdef", string.ascii_letters + string.digits])
def test_random_secrets_pass(alphabet: str) -> None:
    source = random.Random(0)
    for _ in range(2_000):
        secret = "".join(source.choices(alphabet, k=32))
        assert strength.find_weakness(secret) is None, secret
        assert strength.find_weakness(base64.b64encode(source.randbytes(24)).decode()) is None
