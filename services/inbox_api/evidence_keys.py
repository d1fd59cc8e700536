"""Keys that sign evidence: Ed25519, a private and a public file (PEM) for each in one folder. The newest private key signs.

A private file may be removed once a newer key signs; the public one stays, so that older evidence can be checked.
"""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PRIVATE, _PUBLIC = ".private.pem", ".public.pem"


@dataclass(frozen=True)
class SigningKey:
    id: str
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, text: bytes) -> bytes:
        return self._private.sign(text)


@dataclass(frozen=True)
class Key:
    """`public`: PEM. `can_sign`: its private file is there; `signs`: it is the newest of these."""

    id: str
    made_at: datetime
    public: str
    can_sign: bool
    signs: bool


class BadKeyError(Exception):
    """A file that is no Ed25519 key; says which."""


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 digits of the SHA-256 of the public key's 32 bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def make(folder: Path) -> Key:
    """A new key, which signs from now on. Makes the folder. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    identifier = key_id(private.public_key())
    # Names sort by time.
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{identifier}"
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(folder / f"{name}{_PUBLIC}", public, mode=0o644)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(folder / f"{name}{_PRIVATE}", secret, mode=0o600)
    return next(key for key in list_keys(folder) if key.id == identifier)


def list_keys(folder: Path) -> list[Key]:
    """All keys, the oldest first. Raises `BadKeyError` and `OSError`."""
    names = sorted(path.name.removesuffix(_PUBLIC) for path in folder.glob(f"*{_PUBLIC}"))
    signing = [name for name in names if (folder / f"{name}{_PRIVATE}").exists()]
    return [
        Key(
            id=key_id(read_public(folder / f"{name}{_PUBLIC}")),
            made_at=datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC),
            public=(folder / f"{name}{_PUBLIC}").read_text(encoding="ascii"),
            can_sign=name in signing,
            signs=name in signing[-1:],
        )
        for name in names
    ]


def find_signing(folder: Path | None) -> SigningKey | None:
    """The key that signs now. Raises `BadKeyError` and `OSError`."""
    paths = sorted(folder.glob(f"*{_PRIVATE}")) if folder is not None else []
    if not paths:
        return None
    try:
        private = serialization.load_pem_private_key(paths[-1].read_bytes(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise BadKeyError(f"{paths[-1].name} is not an Ed25519 private key in PEM.")
    return SigningKey(key_id(private.public_key()), private)


def read_public(path: Path) -> Ed25519PublicKey:
    """Raises `BadKeyError` and `OSError`."""
    try:
        public = serialization.load_pem_public_key(path.read_bytes())
    except ValueError:
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise BadKeyError(f"{path.name} is not an Ed25519 public key in PEM.")
    return public


def _write(path: Path, content: bytes, *, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
