"""The hash of exactly what a person acknowledges: a message's title, its body and the statement."""

import hashlib


def content_hash(*, title: str, body: str, statement: str) -> bytes:
    """SHA-256 of the UTF-8 text `title LF body LF statement`. Title and statement are one line each, so the text says which is which."""
    return hashlib.sha256(f"{title}\n{body}\n{statement}".encode()).digest()


def format_hash(digest: bytes) -> str:
    """The hash as requests, answers and files have it."""
    return f"sha256:{digest.hex()}"


def parse_hash(text: str) -> bytes:
    """What `format_hash` was given."""
    return bytes.fromhex(text.removeprefix("sha256:"))
