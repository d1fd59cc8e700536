"""The rules of a platform: its key, name, plan, categories and issuer of tokens. Pure: no database."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from services.directory import errors
from shared.auth.tokens import OWN_ISSUER

PLANS = ("enterprise", "standard")
DEFAULT_CATEGORIES = ("service", "regulation", "feature", "other")
# What changes a platform's directory.
CSV, SCIM = MANAGERS = ("csv", "scim")
# The level of a platform's own scope, which contains all others.
ROOT_LEVEL = "platform"
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

_MAX_CATEGORIES = 20
_MAX_CATEGORY = 40
_MAX_ISSUER = 500  # fits an index of PostgreSQL in any script
_MAX_URL = 2_000


def check_key(key: str) -> None:
    """Raises `BadPlatformError`."""
    if not KEY.fullmatch(key):
        raise errors.BadPlatformError(
            f"{key[:100]!r} cannot be a platform's key: 1 to 63 letters, digits, dots, dashes and underscores, "
            "the first one a letter or digit."
        )


def check_platform(name: str, plan: str, issuer: str | None, jwks_url: str | None) -> None:
    """Raises `BadPlatformError` for the first bad value."""
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise errors.BadPlatformError("A platform's name has 1 to 200 printable characters.")
    if plan not in PLANS:
        raise errors.BadPlatformError(f"The plan must be one of {', '.join(PLANS)}, not {plan!r}.")
    if (issuer is None) != (jwks_url is None) or bool(issuer) != bool(jwks_url):
        raise errors.BadPlatformError("Issuer and JWKS URL come together: give both, or neither.")
    if issuer and (not issuer.isprintable() or " " in issuer or len(issuer) > _MAX_ISSUER):
        raise errors.BadPlatformError(
            "The issuer must be the exact text of the tokens' `iss` claim, without blanks, "
            f"at most {_MAX_ISSUER} characters."
        )
    if issuer == OWN_ISSUER:
        raise errors.BadPlatformError(f"The issuer {OWN_ISSUER} is the hub itself.")
    if jwks_url and not _is_http_url(jwks_url):
        raise errors.BadPlatformError(
            f"The JWKS URL must be an http:// or https:// address of at most {_MAX_URL} characters, not {jwks_url[:_MAX_URL]!r}."
        )


def check_categories(categories: Sequence[str]) -> None:
    """Raises `BadPlatformError`."""
    if not 1 <= len(categories) <= _MAX_CATEGORIES or len({name.casefold() for name in categories}) < len(categories):
        raise errors.BadPlatformError(f"A platform has 1 to {_MAX_CATEGORIES} different categories.")
    for name in categories:
        if not 1 <= len(name) <= _MAX_CATEGORY or not name.isprintable():
            raise errors.BadPlatformError(
                f"A category's name has 1 to {_MAX_CATEGORY} printable characters, not {name[:_MAX_ISSUER]!r}."
            )


def _is_http_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return (
        len(value) <= _MAX_URL
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and value.isprintable()
        and " " not in value
    )
