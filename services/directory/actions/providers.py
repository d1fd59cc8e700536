"""Sets where a platform's people sign in to the console (OpenID Connect)."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine

from services.directory import errors
from services.directory.actions import changes
from services.directory.provisioned import Actor
from services.directory.store import audit, platforms
from services.directory.store import providers as store
from shared import text

CLAIMS = ("sub", "oid", "email")
_LONGEST = 500
_MAX_DOMAINS = 100
_MAX_DOMAIN = 253
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Wanted:
    """None keeps what there is. An empty issuer removes the provider, an empty secret the secret, one empty domain all domains."""

    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    user_claim: str | None = None
    email_domains: tuple[str, ...] | None = None

    @property
    def is_empty(self) -> bool:
        return self == Wanted()


def put_provider(engine: Engine, *, key: str, wanted: Wanted, operator: str) -> store.Provider | None:
    """The provider afterwards. Raises `BadPlatformError`, `UnknownPlatformError` and `DirectoryBusyError`."""
    with changes.recorded_refusals(engine, "platform", key, Actor(operator)), engine.begin() as connection:
        changes.lock_directory(connection, key)
        platform = changes.known_platform(platforms.lock_platform(connection, key=key), key)
        before = store.find(connection, platform_id=platform.id)
        after = _combine(before, wanted)
        if after is None:
            store.delete(connection, platform_id=platform.id)
        elif before is None:
            store.insert(connection, platform_id=platform.id, provider=after)
        elif after != before:
            store.update(connection, platform_id=platform.id, provider=after)
        if after is not None and wanted.email_domains is not None:
            _set_domains(connection, platform.id, after.email_domains)
        if after is not None and wanted.client_secret is not None:
            store.set_secret(connection, platform_id=platform.id, secret=wanted.client_secret or None)
        outcome: audit.Outcome = "unchanged" if after == before and wanted.client_secret is None else "updated"
        event = audit.Event(
            "platform", outcome, operator, key, platform.directory_version, detail="sign-in of the console"
        )
        audit.insert(connection, event)
    return after


def find_provider(engine: Engine, *, key: str) -> store.Provider | None:
    """The provider of the platform; None for a platform without one, known or not."""
    with engine.begin() as connection:
        platform = platforms.get_platform(connection, key=key)
        return store.find(connection, platform_id=platform.id) if platform else None


def _combine(before: store.Provider | None, wanted: Wanted) -> store.Provider | None:
    if wanted.issuer == "":
        return None
    issuer = wanted.issuer or (before.issuer if before else None)
    client_id = wanted.client_id or (before.client_id if before else None)
    if issuer is None or client_id is None:
        raise errors.BadPlatformError("A sign-in needs at least --oidc-issuer and --oidc-client-id.")
    if not _is_issuer(issuer):
        raise errors.BadPlatformError(
            "The issuer must be the https:// address that the provider publishes, without query or fragment "
            "(http:// on this machine only)."
        )
    if not client_id.isprintable() or len(client_id) > _LONGEST:
        raise errors.BadPlatformError(f"A client id has at most {_LONGEST} printable characters.")
    user_claim = wanted.user_claim or (before.user_claim if before else CLAIMS[0])
    if wanted.email_domains is None:
        return store.Provider(issuer, client_id, user_claim, before.email_domains if before else ())
    return store.Provider(issuer, client_id, user_claim, _read_domains(wanted.email_domains))


def _read_domains(given: tuple[str, ...]) -> tuple[str, ...]:
    if given == ("",):
        return ()
    found = sorted({text.email_domain(one) for one in given})
    for one in found:
        if len(one) > _MAX_DOMAIN or not _DOMAIN.fullmatch(one):
            raise errors.BadPlatformError(f"{one[:_MAX_DOMAIN]!r} is not an e-mail domain, such as acme.example.")
    if len(found) > _MAX_DOMAINS:
        raise errors.BadPlatformError(f"A platform has at most {_MAX_DOMAINS} e-mail domains.")
    return tuple(found)


def _set_domains(connection: Connection, platform_id: int, domains: tuple[str, ...]) -> None:
    if taken := store.set_domains(connection, platform_id=platform_id, domains=domains):
        raise errors.BadPlatformError(f"Another platform has the e-mail domain {', '.join(sorted(taken))}.")


def _is_issuer(value: str) -> bool:
    try:
        parts = urlsplit(value)
        is_reachable = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False
    is_plain = value.isprintable() and not set(" ?#@\\") & set(value) and len(value) <= _LONGEST
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return is_reachable and is_plain and is_safe
