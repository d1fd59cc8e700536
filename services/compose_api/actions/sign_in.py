"""Signing in to the console: from the provider's answer to a session. Called by the routes."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine

from services.compose_api import providers as oidc
from services.compose_api.store import sessions as store
from shared import audit, db, errors, logging, text
from shared.auth.store import ACTIVE

_LONGEST_VALUE = 320
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the provider sent the browser back with, and what this browser's attempt was started with."""

    platform: str
    issuer: str
    code: str
    nonce: str
    code_verifier: str
    response_issuer: str | None


def find_provider(engine: Engine, *, name: str) -> store.Provider:
    """The provider of the platform with this key, or with the domain of this e-mail address.

    Raises sign-in-failed for a platform without one, known or not.
    """
    found = None
    if 0 < len(name) <= _LONGEST_VALUE and text.is_storable(name):
        with db.autocommit(engine) as connection:
            found = store.find_provider(connection, platform=name, domain=text.email_domain(name))
    return _known(found)


def _known(found: store.Provider | None) -> store.Provider:
    if found is None:
        raise errors.HubError(
            "sign-in-failed",
            "No sign-in is set up for this platform or e-mail address. Check what you entered, or ask your administrator.",
        )
    return found


def sign_in(
    engine: Engine,
    providers: oidc.Providers,
    *,
    answer: Answer,
    redirect_uri: str,
    replaced: str | None,
    origin: audit.Origin,
) -> str:
    """The id of a new session. The browser's session before, `replaced`, is ended.

    Raises `HubError` sign-in-failed, provider-unavailable, user-unknown, user-inactive; those that concern a platform are in the audit
    trail.
    """
    with db.autocommit(engine) as connection:
        provider = _known(store.find_provider(connection, platform=answer.platform))
    person: store.Person | None = None
    try:
        if provider.issuer != answer.issuer:
            raise errors.HubError("sign-in-failed", "The sign-in of this platform was changed meanwhile.")
        providers.check_issuer(provider, answer.response_issuer)
        found = providers.finish(
            provider,
            redirect_uri=redirect_uri,
            code=answer.code,
            code_verifier=answer.code_verifier,
            nonce=answer.nonce,
        )
        with db.autocommit(engine) as connection:
            person = _find_person(connection, provider, found.claims)
        if person.status != ACTIVE:
            raise errors.user_inactive(person.status)
    except errors.HubError as error:
        if error.code != "provider-unavailable":
            user_id = person.id if person else None
            event = audit.Event("session", "refused", provider.platform_id, user_id, origin, reason=error.code)
            with db.autocommit(engine) as connection:
                audit.insert(connection, event)
        raise
    return _start(engine, provider, person, found, replaced, origin)


def _start(
    engine: Engine,
    provider: store.Provider,
    person: store.Person,
    found: oidc.SignedIn,
    replaced: str | None,
    origin: audit.Origin,
) -> str:
    session_id = secrets.token_urlsafe(32)
    sid = found.claims.get("sid")
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        if replaced is not None:
            store.end(connection, id_hash=hash_id(replaced), reason="replaced")
        store.insert(
            connection,
            store.NewSession(
                id_hash=hash_id(session_id),
                platform_id=provider.platform_id,
                user_id=person.id,
                issuer=provider.issuer,
                client_id=provider.client_id,
                subject=found.claims["sub"],
                sid=sid if isinstance(sid, str) else None,
                id_token=found.id_token,
            ),
        )
        audit.insert(connection, audit.Event("session", "signed-in", provider.platform_id, person.id, origin))
    _logger.info("signed in", platform=provider.platform, user_id=person.external_id)
    return session_id


def hash_id(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()


def _find_person(connection: psycopg.Connection[Any], provider: store.Provider, claims: dict[str, Any]) -> store.Person:
    """The user of the platform whom its claim names. Raises user-unknown."""
    people = []
    if value := _read_value(provider, claims):
        is_email = provider.user_claim == "email"
        people = store.list_people(connection, platform_id=provider.platform_id, value=value, is_email=is_email)
    if len(people) != 1:
        raise errors.HubError(
            "user-unknown",
            "Your organisation knows you, but Message Hub does not. Ask your administrator to add you, then sign in again.",
        )
    return people[0]


def _read_value(provider: store.Provider, claims: dict[str, Any]) -> str | None:
    """The claim that names the person. An address that the provider has not verified may be anybody's."""
    value = claims.get(provider.user_claim)
    is_trusted = provider.user_claim != "email" or claims.get("email_verified") is True
    if not is_trusted or not isinstance(value, str) or len(value) > _LONGEST_VALUE or not text.is_storable(value):
        return None
    return text.identifier(value)
