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

from cli import connect
from services.compose_api import settings as compose_settings
from services.fanout_worker import settings as worker_settings
from services.inbox_api.stream import settings as stream_settings
from shared import broker, redis_client, settings
from tests import factories


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


@pytest.fixture
def wrong_host_url(tls_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same server by a name that its certificate does not have; the certificate itself is trusted."""
    url = tls_url.partition("?")[0].replace("127.0.0.1", "localhost")
    monkeypatch.setenv("HUB_REDIS_URL", f"{url}?ssl_ca_certs={tmp_path / 'redis.pem'}")
    return settings.read(settings.read_redis_url)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), client, context.wrap_socket(client, server_side=True):
            pass


EACH_CLIENT = pytest.mark.parametrize("ping", [by_celery, by_a_client, by_an_asynchronous_client])


@EACH_CLIENT
def test_an_unknown_certificate_is_refused(tls_url: str, ping: Callable[[str], None]) -> None:
    with pytest.raises(
        (redis.ConnectionError, kombu.exceptions.OperationalError, ssl.SSLError), match="CERTIFICATE_VERIFY"
    ):
        ping(tls_url)


@EACH_CLIENT
def test_a_certificate_of_another_host_is_refused(wrong_host_url: str, ping: Callable[[str], None]) -> None:
    with pytest.raises(
        (redis.ConnectionError, kombu.exceptions.OperationalError, ssl.SSLError), match="Hostname mismatch"
    ):
        ping(wrong_host_url)


@pytest.mark.parametrize(
    "read",
    [
        lambda: compose_settings.read().redis_url,
        lambda: worker_settings.read().redis_url,
        lambda: stream_settings.read().redis_url,
        connect.redis_url,
    ],
    ids=["compose_api", "worker and beat", "inbox_stream", "cli"],
)
def test_every_program_verifies(read: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_REDIS_URL", "rediss://redis:6380/0")
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://u:p@postgres/hub")
    monkeypatch.setenv("HUB_JWT_SECRET", factories.SECRET)
    assert read() == "rediss://redis:6380/0?ssl_cert_reqs=required"


def test_without_verification_celery_would_accept_it(tls_url: str) -> None:
    with pytest.raises(Exception) as closed:  # noqa: PT011 (the server says nothing)
        by_celery(tls_url.partition("?")[0])
    assert "CERTIFICATE_VERIFY" not in str(closed.value)
