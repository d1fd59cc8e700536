"""Settings of compose_api."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import environs

from shared import rate_limit, settings

# It becomes part of a Content-Security-Policy.
_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True)
class Pages:
    """What the console and the demo page depend on."""

    # As browsers reach them, without a slash at the end; empty: under the same origin.
    inbox_url: str = ""
    stream_url: str = ""
    directory_url: str = ""
    frame_origins: tuple[str, ...] = ()
    demo_file: Path | None = None


@dataclass(frozen=True)
class SignIn:
    """`public_url`: the hub as browsers reach it, without a slash at the end; None: nobody can sign in.

    `keys` are accepted for cookies; the first one signs.
    """

    public_url: str | None = None
    keys: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class Settings:
    database: settings.Database
    redis_url: str = field(repr=False)
    auth: settings.Auth
    log: settings.Log
    rate_limit: str
    cors_origins: tuple[str, ...]
    proxy_count: int
    pages: Pages
    sign_in: SignIn


def read() -> Settings:
    """Raises `shared.settings.SettingsError` naming every bad variable."""
    return settings.read(_build)


def _build(env: environs.Env) -> Settings:
    return Settings(
        database=settings.read_database(env, pool_size=28, statement_timeout_ms=5_000),
        redis_url=settings.read_redis_url(env),
        auth=settings.read_auth(env),
        log=settings.read_log(env),
        rate_limit=rate_limit.read(env, "COMPOSE_RATE_LIMIT", "3000 per minute"),
        cors_origins=settings.read_origins(env, "CORS_ORIGINS"),
        proxy_count=settings.read_proxy_count(env),
        pages=_read_pages(env),
        sign_in=_read_sign_in(env),
    )


def _read_pages(env: environs.Env) -> Pages:
    demo_file = env.str("DEMO_FILE", None)
    return Pages(
        inbox_url=_read_url(env, "INBOX_URL"),
        stream_url=_read_url(env, "STREAM_URL"),
        directory_url=_read_url(env, "DIRECTORY_URL"),
        frame_origins=settings.read_origins(env, "FRAME_ORIGINS"),
        demo_file=Path(demo_file) if demo_file else None,
    )


def _read_sign_in(env: environs.Env) -> SignIn:
    """Without keys of their own, those that sign tokens sign cookies too: the signer derives others from them."""
    keys = settings.read_keys(env, "SESSION_KEYS")
    if keys[0] is None:
        keys = settings.read_keys(env, "JWT_SECRET")
    url = env.str("PUBLIC_URL", "", validate=settings.unless_empty(_check_public_url)) or ""
    return SignIn(public_url=url.rstrip("/") or None, keys=tuple(key for key in keys if key))


def _check_public_url(value: str) -> None:
    _check_address(value)
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise environs.ValidationError(
            "Must be an https:// address: browsers keep the session's cookie for those only."
        )


def _read_url(env: environs.Env, name: str) -> str:
    return (env.str(name, "", validate=settings.unless_empty(_check_address)) or "").rstrip("/")


def _check_address(value: str) -> None:
    if not _ADDRESS.fullmatch(value):
        raise environs.ValidationError(
            "Must be an address like https://hub.example.org or https://hub.example.org/inbox."
        )
