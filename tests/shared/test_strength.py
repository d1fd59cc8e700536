"""Short secrets and examples are rejected; random secrets pass."""

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
        ("a-string-secret-at-least-256-bits-long", "example"),
        ("your-256-bit-secret-your-256-bit", "example"),
        ("ChangeMe-8f3a9c2b7e1d4f60a5b8c3d2e1", "example"),
        ("Replace_Me-8f3a9c2b7e1d4f60a5b8c3d2", "example"),
        ("an-example-8f3a9c2b7e1d4f60a5b8c3d2", "example"),
    ],
)
def test_short_secrets_and_examples_are_rejected_without_being_shown(secret: str, why: str) -> None:
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
