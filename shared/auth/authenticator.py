"""From the header Authorization to the user in the directory. Knows no web framework."""

from collections.abc import Callable

from sqlalchemy import Engine

from shared import db, errors, settings
from shared.auth import store, tokens

# find_caller(platform, user), by the platform's key and the user's external id
FindCaller = Callable[[str, str], store.Caller | None]


class Authenticator:
    """`find_caller` replaces the query of shared/auth/store.py where a service needs more columns."""

    def __init__(self, auth: settings.Auth, engine: Engine, find_caller: FindCaller | None = None) -> None:
        self._engine = engine
        self._verifier = tokens.Verifier(auth, self._find_issuer)
        self._find_caller = find_caller or self._find_caller_in_directory

    def identify(self, authorization: str) -> tokens.Identity:
        """What the header's bearer token proves; the directory is not asked. Raises the 401 errors and unavailable."""
        return self._verifier.verify(read_token(authorization))

    def find(self, identity: tokens.Identity, authorization: str) -> store.Caller:
        """The user of that identity, active or not. Raises the 401 errors and unavailable."""
        found = self._find_caller(identity.platform, identity.user)
        if found is None:
            raise errors.HubError("token-invalid", "The token names a platform or a user that does not exist.")
        if found.jwks_url != identity.jwks_url and identity.issuer is not None:
            # The platform has another key set since the token was verified.
            identity = self._verifier.verify(read_token(authorization), again=True)
        if found.issuer != identity.issuer and not identity.has_signed_in:
            raise errors.HubError("token-invalid", "This platform accepts only tokens of its own issuer.")
        return found

    def _find_issuer(self, platform: str) -> store.Issuer | None:
        with db.autocommit(self._engine) as connection:
            return store.find_issuer(connection, platform=platform)

    def _find_caller_in_directory(self, platform: str, user: str) -> store.Caller | None:
        with db.autocommit(self._engine) as connection:
            return store.find_caller(connection, platform=platform, user=user)


def read_token(authorization: str) -> str:
    """The token in the header's value. Raises token-missing."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.HubError("token-missing", "Send a token in the header Authorization: Bearer <token>.")
    return token.strip()


def check_active(found: store.Caller) -> None:
    """Raises user-inactive."""
    if not found.is_active:
        raise errors.user_inactive(found.status)


def check_plan(found: store.Caller) -> None:
    """Raises feature-not-available."""
    if not found.may_send:
        raise errors.HubError(
            "feature-not-available", "Sending messages belongs to the Enterprise plan. Reading them stays possible."
        )


def check_administrator(found: store.Caller) -> None:
    """Raises administrator-required."""
    if not found.is_administrator:
        raise errors.administrator_required()
