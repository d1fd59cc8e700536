"""A Redis over TLS: every client of the hub verifies its certificate."""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import kombu
import pytest
import redis
import redis.asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from limits import storage

from shared import broker, redis_client, settings


def by_celery(url: str) -> None:
    with broker.make_celery(url).connection_for_write() as connection:
        connection.transport.establish_connection().client.channel().close()


def by_a_client(url: str) -> None:
    with redis_client.make(url) as client:
        client.ping()


def by_an_asynchronous_client(url: str) -> None:
    async def ping() -> None:
        async with redis.asyncio.Redis.from_url(url) as client:
            await client.ping()

    asyncio.run(ping())


def by_limits(url: str) -> None:
    kept = storage.RedisStorage(url)
    kept.get("x")


@pytest.fixture
def tls_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL, as the settings read it, of a server whose certificate nobody signed but itself; it closes what got through."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "redis.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
        monkeypatch.setenv("HUB_REDIS_URL", f"rediss://127.0.0.1:{listener.getsockname()[1]}/0")
        yield settings.read(settings.read_redis_url)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), client, context.wrap_socket(client, server_side=True):
            pass


@pytest.mark.parametrize("connect", [by_celery, by_a_client, by_an_asynchronous_client, by_limits])
def test_an_unknown_certificate_is_refused(tls_url: str, connect: Callable[[str], None]) -> None:
    with pytest.raises(
        (redis.ConnectionError, kombu.exceptions.OperationalError, ssl.SSLError), match="CERTIFICATE_VERIFY"
    ):
        connect(tls_url)


def test_without_verification_celery_would_accept_it(tls_url: str) -> None:
    with pytest.raises(Exception) as closed:  # noqa: PT011 (the server says nothing)
        by_celery(tls_url.partition("?")[0])
    assert "CERTIFICATE_VERIFY" not in str(closed.value)
