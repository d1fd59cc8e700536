"""The format of evidence: JSON Lines with a number and a check each, and a signature of all of them in the last (docs/evidence.md).

A line ends with its number and with the first 16 digits of the SHA-256 of what stands before the check, so that a change is found in its
line. The signature is over the SHA-256 of all lines before it, so that a changed check is found too.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.inbox_api.evidence_keys import SigningKey

FORMAT = "message-hub-evidence/1"
MANIFEST, RECIPIENT, SIGNATURE = "manifest", "recipient", "signature"
_END = re.compile(rb',"line":([1-9][0-9]{0,17}),"check":"([0-9a-f]{16})"}\n\Z')
_CHECK = b',"check":"'


@dataclass(frozen=True)
class Fault:
    """`line`: its number in the file, from 1."""

    line: int
    what: str


def write(lines: Iterable[Mapping[str, Any]], key: SigningKey) -> Iterator[bytes]:
    """The file, line by line."""
    digest, number = hashlib.sha256(), 0
    for number, content in enumerate(lines, 1):
        line = _numbered(content, number)
        digest.update(line)
        yield line
    yield _signature_line(number, digest.hexdigest(), key.id, key.sign(signed_text(digest.hexdigest())))


def read(file: Iterable[bytes], public_keys: Mapping[str, Ed25519PublicKey]) -> Iterator[dict[str, Any] | Fault]:
    """The lines before the signature as objects, and what is wrong. Without a `Fault` the file is as it was signed by one of the keys,
    which are given by their ids.
    """
    digest, number, last = hashlib.sha256(), 0, b""
    for line in file:
        if number:
            digest.update(last)
            yield _read_line(last, number)
        number, last = number + 1, line
    if not last:
        yield Fault(1, "the file is empty")
        return
    fault = _check_signature(last, number - 1, digest.hexdigest(), public_keys)
    if fault is not None:
        yield Fault(number, fault)


def signed_text(sha256: str) -> bytes:
    """What is signed: the format and the hash of all lines before the signature."""
    return f"{FORMAT}\n{sha256}\n".encode()


def _numbered(content: Mapping[str, Any], number: int) -> bytes:
    begin = orjson.dumps({**content, "line": number})[:-1]
    return begin + _CHECK + _check(begin) + b'"}\n'


def _check(begin: bytes) -> bytes:
    return hashlib.sha256(begin).hexdigest()[:16].encode()


def _read_line(line: bytes, number: int) -> dict[str, Any] | Fault:
    end = _END.search(line)
    if end is None:
        return Fault(number, "the line is not as it was written")
    begin = line[: line.rindex(_CHECK)]
    if _check(begin) != end[2]:
        return Fault(number, "the line was changed")
    if int(end[1]) != number:
        return Fault(number, f"this is line {int(end[1])}: lines are missing, or in another order")
    try:
        return dict(orjson.loads(line))
    except ValueError:
        return Fault(number, "the line is not JSON")


def _signature_line(lines: int, sha256: str, signer: str, signature: bytes) -> bytes:
    content = {
        "type": SIGNATURE,
        "lines": lines,
        "sha256": sha256,
        "algorithm": "Ed25519",
        "key_id": signer,
        "signature": base64.b64encode(signature).decode(),
    }
    return orjson.dumps(content) + b"\n"


def _check_signature(line: bytes, lines: int, sha256: str, public_keys: Mapping[str, Ed25519PublicKey]) -> str | None:
    """What is wrong with the last line. It is compared byte by byte, because the same values can be written in several ways."""
    try:
        found = orjson.loads(line)
        signature, signer = base64.b64decode(found["signature"], validate=True), found["key_id"]
        expected = _signature_line(found["lines"], found["sha256"], signer, signature)
    except (ValueError, TypeError, KeyError):
        return "the last line is no signature: the file is not complete, or the line was changed"
    if line != expected:
        return "the signature's line was changed"
    if (found["lines"], found["sha256"]) != (lines, sha256):
        return "the signature is not of these lines: they were changed, or the signature's line was"
    if signer not in public_keys:
        return f"it names the key {signer}, which was not given"
    try:
        public_keys[signer].verify(signature, signed_text(sha256))
    except InvalidSignature:
        return "the signature is not valid"
    return None
