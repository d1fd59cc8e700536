"""Settings from `HUB_…` environment variables, read once into frozen values.

Every entry file builds its own `Settings` through `read()`, which reports all bad variables at once. Nothing else in the
hub looks at the environment. Every variable is described in docs/configuration.md.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environs
import sqlalchemy.exc
from marshmallow import validate

from shared import strength

T = TypeVar("T")
# As a browser writes it in the header Origin; anything else would never match.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


class SettingsError(Exception):
    """One or more settings are missing or wrong; the message has one line per variable."""


@dataclass(frozen=True)
class Database:
    """How to reach PostgreSQL. Times are in milliseconds unless the name says otherwise; no `slow_statement_ms`, none is logged."""

    url: str = field(repr=False)
    pool_size: int
    pool_timeout_ms: int
    connect_timeout_s: int
    statement_timeout_ms: int
    lock_timeout_ms: int
    idle_in_transaction_timeout_ms: int
    slow_statement_ms: int | None = None


@dataclass(frozen=True)
class Log:
    level: str
    format: str


@dataclass(frozen=True)
class Auth:
    """What signs tokens: a shared secret (HS256), keys at an address (RS256, ES256, EdDSA), or both for different tokens."""

    secret: str | None = field(repr=False)
    jwks_url: str | None
    # Still accepted, but signs nothing any more.
    former_secret: str | None = field(repr=False, default=None)

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (self.secret, self.former_secret) if secret)


def read(build: Callable[[environs.Env], T]) -> T:
    """The value that `build` makes of the environment.

    Raises `SettingsError` naming every variable that is missing or wrong.
    """
    env = environs.Env(eager=False)
    try:
        with env.prefixed("HUB_"):
            value = build(env)
        env.seal()
    except environs.EnvValidationError as error:
        lines = [f"{name}: {' '.join(map(str, reasons))}" for name, reasons in sorted(_by_variable(error).items())]
        raise SettingsError("\n".join(lines)) from None
    return value


def _by_variable(error: environs.EnvValidationError) -> dict[str, list[object]]:
    messages = error.error_messages
    return {str(k): list(v) for k, v in messages.items()} if isinstance(messages, dict) else {"HUB": list(messages)}


def read_database(
    env: environs.Env, *, pool_size: int, statement_timeout_ms: int, slow_statement_ms: int = 1_000
) -> Database:
    positive = validate.Range(min=1)
    return Database(
        url=_read_address(env, "DATABASE_URL", _check_postgresql_url),
        pool_size=env.int("DATABASE_POOL_SIZE", pool_size, validate=positive),
        pool_timeout_ms=env.int("DATABASE_POOL_TIMEOUT_MS", 1_000, validate=positive),
        connect_timeout_s=env.int("DATABASE_CONNECT_TIMEOUT_S", 3, validate=validate.Range(min=2)),
        statement_timeout_ms=env.int("STATEMENT_TIMEOUT_MS", statement_timeout_ms, validate=positive),
        lock_timeout_ms=env.int("LOCK_TIMEOUT_MS", 2_000, validate=positive),
        idle_in_transaction_timeout_ms=env.int("IDLE_IN_TRANSACTION_TIMEOUT_MS", 20_000, validate=positive),
        slow_statement_ms=env.int("SLOW_STATEMENT_MS", slow_statement_ms, validate=positive),
    )


def read_log(env: environs.Env) -> Log:
    return Log(
        level=env.str("LOG_LEVEL", "info", validate=validate.OneOf(["debug", "info", "warning", "error"])),
        format=env.str("LOG_FORMAT", "auto", validate=validate.OneOf(["auto", "json", "console"])),
    )


def read_redis_url(env: environs.Env) -> str:
    return _with_verification(_read_address(env, "REDIS_URL", _check_redis_url)) or ""


def read_given(env: environs.Env) -> tuple[str | None, str | None]:
    """The addresses of PostgreSQL and Redis as far as they are given."""
    return read_secret(env, "DATABASE_URL", _check_postgresql_url), read_given_redis_url(env)


def read_given_redis_url(env: environs.Env) -> str | None:
    return _with_verification(read_secret(env, "REDIS_URL", _check_redis_url))


def _with_verification(redis_url: str | None) -> str | None:
    """With TLS, the certificate is verified unless the URL says otherwise: redis-py's default, but not kombu's."""
    if redis_url is None or not redis_url.startswith("rediss://"):
        return redis_url
    query = urlsplit(redis_url).query
    if "ssl_cert_reqs=" in query:
        return redis_url
    return f"{redis_url}{'&' if query else '?'}ssl_cert_reqs=required"


def read_auth(env: environs.Env) -> Auth:
    secret, former = read_keys(env, "JWT_SECRET")
    return Auth(secret=secret, jwks_url=read_url(env, "JWKS_URL"), former_secret=former)


def read_keys(env: environs.Env, name: str) -> tuple[str | None, str | None]:
    """A secret, and after a comma the one before it, which is accepted until tokens and cookies of its time have expired."""
    first, _, second = (read_secret(env, name, _check_keys) or "").partition(",")
    return first.strip() or None, second.strip() or None


def read_url(env: environs.Env, name: str) -> str | None:
    """An http:// or https:// address; None when it is empty or not set."""
    return env.str(name, None, validate=unless_empty(_check_http_url)) or None


def read_folder(env: environs.Env, name: str) -> Path | None:
    """None when it is empty or not set."""
    value = env.str(name, None)
    return Path(value) if value else None


def read_secret(env: environs.Env, name: str, check: Callable[[str], object]) -> str | None:
    """The variable itself or the content of the file that `…_FILE` names; None when both are empty or not set."""
    value = env.str(name, None, validate=unless_empty(check))

    def check_file(path: str) -> None:
        if value:
            raise environs.ValidationError(f"Set either this or HUB_{name}, not both.")
        check(_read_file(path))

    path = env.str(f"{name}_FILE", None, validate=unless_empty(check_file))
    return value or (_read_file(path) if path else None)


def _read_address(env: environs.Env, name: str, check: Callable[[str], object]) -> str:
    """The same for an address with a password in it, which must be given."""
    if env.str(f"{name}_FILE", None):
        return read_secret(env, name, check) or ""
    return env.str(name, validate=check)


def read_origins(env: environs.Env, name: str) -> tuple[str, ...]:
    """Origins as browsers name them, each once; none by default."""
    return _origins(env.str(name, "", validate=_check_origins) or "")


def _origins(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in value.split(",") if one.strip()))


def read_proxy_count(env: environs.Env) -> int:
    """The number of proxies in front of the service, whose X-Forwarded- headers are trusted."""
    return env.int("PROXY_COUNT", 0, validate=validate.Range(min=0, max=8))


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise environs.ValidationError("Must name a text file that can be read.") from None


def unless_empty(check: Callable[[str], object]) -> Callable[[str], object]:
    """Compose files hand on an unset variable as an empty one."""
    return lambda value: check(value) if value else None


def _check_keys(value: str) -> None:
    keys = value.split(",")
    if len(keys) > 2:
        raise environs.ValidationError("Must be one secret, or two separated by a comma: the new one first.")
    for key in keys:
        _check_strength(key.strip())


def _check_strength(secret: str) -> None:
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise environs.ValidationError("Must be text in UTF-8.") from None
    weakness = strength.find_weakness(secret)
    if weakness is not None:
        raise environs.ValidationError(weakness)


# Parsers quote the invalid part of an address in their errors, which may be part of the password. So this checks without quoting.
_ESCAPE = "What is neither letter nor digit in a password is written as %XX"


def _check_postgresql_url(value: str) -> None:
    try:
        port = sqlalchemy.make_url(value).port
    except (ValueError, sqlalchemy.exc.ArgumentError):
        port = 0
    if port == 0 or not value.startswith(("postgresql://", "postgres://")):
        raise environs.ValidationError(f"Must look like postgresql://user:password@host:5432/database. {_ESCAPE}.")


def _check_redis_url(value: str) -> None:
    if not value.startswith(("redis://", "rediss://")) or not _is_readable(value):
        raise environs.ValidationError(f"Must look like redis://host:6379/0. {_ESCAPE}.")


def _check_origins(value: str) -> None:
    for origin in _origins(value):
        if not _ORIGIN.fullmatch(origin):
            raise environs.ValidationError(
                "Must be origins like https://portal.example.org, separated by commas: lower case, no path, no slash at the end."
            )


def _check_http_url(value: str) -> None:
    if not value.startswith(("http://", "https://")) or not _is_readable(value) or not urlsplit(value).hostname:
        raise environs.ValidationError("Must be an http:// or https:// address.")


def _is_readable(address: str) -> bool:
    """Whether it has the parts of an address."""
    try:
        return address.isprintable() and " " not in address and urlsplit(address).port != 0
    except ValueError:
        return False
