"""An issuer of tokens: key pairs, and a real HTTP server that hands out their public halves."""

import contextlib
import functools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import algorithms

from shared import errors, settings
from shared.auth import store, tokens
from tests import factories

ALGORITHMS = ("RS256", "ES256", "EdDSA")
# What a token with the claims of `good_claims` proves.
GOOD = tokens.Identity(platform="p", user="u", issuer=None)


@dataclass(frozen=True)
class Key:
    """A key pair; `use` and `alg` are what the key set says about it."""

    private: Any
    algorithm: str
    kid: str | None
    use: str | None = "sig"

    def public(self) -> dict[str, Any]:
        """The JWK of the public half."""
        kinds: dict[str, Any] = {
            "RS256": algorithms.RSAAlgorithm,
            "ES256": algorithms.ECAlgorithm,
            "EdDSA": algorithms.OKPAlgorithm,
        }
        jwk = kinds[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        named = {"kid": self.kid, "use": self.use, "alg": self.algorithm}
        return {**jwk, **{name: value for name, value in named.items() if value is not None}}

    def public_pem(self) -> bytes:
        return bytes(
            self.private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def sign(self, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is good unless `claims` (None leaves one out) or `headers` say otherwise."""
        named = {} if self.kid is None else {"kid": self.kid}
        return jwt.encode(
            good_claims(**claims), self.private, algorithm=self.algorithm, headers={**named, **(headers or {})}
        )


def good_claims(**claims: Any) -> dict[str, Any]:
    usual = {"sub": "u", "platform": "p", "aud": "message-hub", "exp": int(time.time()) + 600}
    return {name: value for name, value in {**usual, **claims}.items() if value is not None}


@functools.cache
def private(algorithm: str, number: int = 0) -> Any:
    """The same private key for the same arguments: making an RSA key takes long."""
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def make_key(algorithm: str = "ES256", kid: str | None = "k", *, number: int = 0, use: str | None = "sig") -> Key:
    return Key(private(algorithm, number), algorithm, kid, use)


class KeyServer:
    """Serves a key set at `url`. `answer` takes its place when set; `hang` holds every answer back; `fetches` counts.

    `location` goes with the status of a redirect; `drip` is said first, and then a byte now and then.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/keys.json"
        self.keys: Sequence[Key] = ()
        self.answer: bytes | None = None
        self.status = 200
        self.location = ""
        self.drip: bytes | None = None
        self.fetches = 0
        self.agent = ""
        self.go_on = threading.Event()
        self.go_on.set()

    def hang(self) -> None:
        self.go_on.clear()

    def body(self) -> bytes:
        if self.answer is not None:
            return self.answer
        return json.dumps({"keys": [key.public() for key in self.keys]}).encode()


@contextlib.contextmanager
def serving() -> Iterator[KeyServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.fetches += 1
            served.agent = self.headers["User-Agent"]
            served.go_on.wait(10)
            body = served.body()
            if served.status == 0:  # hang up without a word
                self.close_connection = True
                return
            if served.drip is not None:
                self._drip(served.drip)
                return
            self.send_response(served.status)
            if served.location:
                self.send_header("Location", served.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever asked has had enough
                self.wfile.write(body)

        def _drip(self, begin: bytes) -> None:
            self.close_connection = True
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" + begin if begin else b"X-Slow: "))
            with contextlib.suppress(ConnectionError):
                for _ in range(30):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = KeyServer(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield served
        served.go_on.set()
        server.shutdown()
        thread.join()


def verifier(server: KeyServer | None, **own: store.Issuer) -> tokens.Verifier:
    """Accepts the hub's secret, the keys of `server`, and for the platforms in `own` their issuers'."""
    auth = settings.Auth(secret=factories.SECRET, jwks_url=server.url if server else None)
    return tokens.Verifier(auth, lambda platform: own.get(platform, store.Issuer(None, None)))


def refusal(of: tokens.Verifier, token: str) -> str:
    with pytest.raises(errors.HubError) as error:
        of.verify(token)
    return error.value.code
