"""Sessions of the console: who is signed in, tokens for the page, and the ends of a session. Called by the routes."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import jwt
import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine

from services.compose_api import providers as oidc
from services.compose_api.actions.sign_in import hash_id
from services.compose_api.store import sessions as store
from shared import audit, db, errors, logging, settings
from shared.auth import tokens
from shared.auth.store import ACTIVE
from shared.sent_messages.store import Person

TOKEN_TTL_S = 300
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Token:
    """A token for both APIs, and when the session that it comes from ends. `now`: by the clock that these times are of."""

    token: str
    now: datetime
    expires_at: datetime
    idle_expires_at: datetime


@dataclass(frozen=True)
class Shown:
    """A session as its page sees it."""

    user: Person
    platform: str
    signed_in_at: datetime
    expires_at: datetime
    idle_expires_at: datetime
    now: datetime
    csrf_token: str


def find_sign_in(engine: Engine) -> store.SignIn | None:
    """Where people sign in. None if the database cannot be read: the page still loads."""
    try:
        with db.autocommit(engine) as connection:
            return store.get_sign_in(connection)
    except (psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        _logger.warning("where people sign in could not be read", error=type(error).__name__)
        return None


def find(engine: Engine, *, session_id: str | None) -> store.Session:
    """The open session of an active user. Raises session-missing, session-expired, user-inactive, which ends the session."""
    if session_id is None:
        raise errors.HubError("session-missing", "Sign in first.")
    with db.autocommit(engine) as connection:
        found = store.find(connection, id_hash=hash_id(session_id))
        if found is None or not found.is_open:
            raise errors.HubError("session-expired", "Sign in again.")
        if found.status != ACTIVE:
            store.end(connection, id_hash=found.id_hash, reason="user-inactive")
            raise errors.user_inactive(found.status)
    return found


def show(session: store.Session, *, session_id: str) -> Shown:
    return Shown(
        user=Person(session.external_id, session.name),
        platform=session.platform,
        signed_in_at=session.signed_in_at,
        expires_at=session.expires_at,
        idle_expires_at=session.idle_expires_at,
        now=session.now,
        csrf_token=csrf_token(session_id),
    )


def csrf_token(session_id: str) -> str:
    """What a page of the session may read and another site cannot guess. The id cannot be computed from it."""
    return hmac.new(session_id.encode(), b"csrf", hashlib.sha256).hexdigest()


def make_token(engine: Engine, session: store.Session, *, auth: settings.Auth, is_background: bool) -> Token:
    """A token for five minutes, less where the session ends before. Unless `is_background`, the idle time begins anew."""
    if auth.secret is None:
        raise errors.unavailable("No HUB_JWT_SECRET is set, so there is nothing to sign tokens with.", retry_after_s=60)
    if not is_background:
        with db.autocommit(engine) as connection:
            store.mark_seen(connection, id_hash=session.id_hash)
            session = store.find(connection, id_hash=session.id_hash) or session
    left_s = (min(session.expires_at, session.idle_expires_at) - session.now).total_seconds()
    made = tokens.make(
        auth.secret,
        platform=session.platform,
        user=session.external_id,
        now=session.now.timestamp(),
        ttl_s=max(1, min(TOKEN_TTL_S, int(left_s))),
        issuer=tokens.OWN_ISSUER,
    )
    return Token(made, session.now, session.expires_at, session.idle_expires_at)


def sign_out(
    engine: Engine, providers: oidc.Providers, session: store.Session, *, return_to: str, origin: audit.Origin
) -> str | None:
    """Ends the session; then where the browser ends it at the provider, if it can."""
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        if store.end(connection, id_hash=session.id_hash, reason="signed-out"):
            audit.insert(connection, audit.Event("session", "signed-out", session.platform_id, session.user_id, origin))
        provider = store.find_provider(connection, platform=session.platform)
    if provider is None or (provider.issuer, provider.client_id) != (session.issuer, session.client_id):
        return None
    return providers.end_session_url(provider, id_token=session.id_token, return_to=return_to)


def sign_out_at_provider(engine: Engine, providers: oidc.Providers, *, logout_token: str, origin: audit.Origin) -> None:
    """Ends the sessions that the provider's logout token names. Raises bad-request, unavailable."""
    try:
        issuer, clients = oidc.unverified_claims(logout_token)
        with db.autocommit(engine) as connection:
            found = store.list_providers(connection, issuer=issuer, clients=clients)
        if not found:
            raise jwt.InvalidTokenError("no platform signs in there")
        logout = providers.verify_logout(found[0], logout_token)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        _logger.warning("a logout token was refused", reason=type(error).__name__)
        raise errors.HubError("bad-request", "The logout token is not valid.") from None
    with engine.begin() as transaction:
        connection = db.driver(transaction)
        if not store.insert_logout(connection, issuer=issuer, jti=logout.jti):
            raise errors.HubError("bad-request", "The logout token was used before.")
        for one in store.end_at_provider(connection, found[0], sid=logout.sid, subject=logout.subject):
            audit.insert(
                connection,
                audit.Event("session", "signed-out", one.platform_id, one.user_id, origin, detail="by the provider"),
            )
