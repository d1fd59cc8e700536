"""`message-hub oidc check`: whether a platform's people can sign in to the console."""

from dataclasses import dataclass
from typing import Any

import click
import requests

from cli import connect, output, parameters
from services.compose_api import discovery
from services.compose_api.store import sessions as store
from shared import db

_MAX_OFFSET_S = 30


@dataclass(frozen=True)
class Check:
    what: str
    is_good: bool
    found: str


@click.group(short_help="Check a platform's sign-in.")
def oidc() -> None:
    """The sign-in of a platform's people at their identity provider (OpenID Connect).

    \b
    Example:
      message-hub oidc check acme
    """


@oidc.command("check", short_help="Check a platform's identity provider.")
@click.argument("platform", type=parameters.TEXT)
@parameters.json_option
@connect.data_option
def check(platform: str, as_json: bool) -> None:
    """Ask the identity provider of PLATFORM for its configuration, keys and clock. Exit code 1 when something is wrong.

    \b
    Example:
      message-hub oidc check acme
    """
    with connect.engine(db.COMPOSE_ROLE) as engine, db.autocommit(engine) as connection:
        provider = store.find_provider(connection, platform=platform)
        if provider is None:
            raise click.ClickException(f"The platform {platform} has no sign-in: set it with `message-hub platform`.")
        domains = store.list_domains(connection, platform_id=provider.platform_id)
    checks = [*_ask(provider), Check("e-mail domains", True, ", ".join(domains) or "none")]
    output.show(checks, as_json, _text)
    if not all(one.is_good for one in checks):
        raise SystemExit(1)


def _ask(provider: store.Provider) -> list[Check]:
    try:
        found = discovery.describe(provider.issuer)
    except ValueError as error:
        # requests' errors about JSON are ValueErrors too, and quote the answer.
        reason = "its answer is no JSON" if isinstance(error, requests.RequestException) else str(error)
        return [Check("configuration", False, f"{provider.issuer}: {reason}")]
    except Exception as error:  # of any kind: it comes from elsewhere
        return [Check("configuration", False, f"{provider.issuer} cannot be read: {discovery.reason(error)}")]
    metadata = found.metadata
    return [
        Check("configuration", True, provider.issuer),
        Check("keys", found.key_count > 0, output.count(found.key_count, "usable key")),
        _clock(found.clock_offset_s),
        _offered("PKCE", metadata.get("code_challenge_methods_supported"), "S256"),
        _offered("claim", metadata.get("claims_supported"), provider.user_claim),
        Check("redirect address", True, "register HUB_PUBLIC_URL, then /auth/callback"),
        Check("sign-out at the provider", True, _yes_or_no(metadata.get("end_session_endpoint"))),
        Check("back-channel logout", True, _yes_or_no(metadata.get("backchannel_logout_supported"))),
    ]


def _clock(offset_s: float | None) -> Check:
    if offset_s is None:
        return Check("clock", True, "it sends no time")
    return Check("clock", abs(offset_s) <= _MAX_OFFSET_S, f"{offset_s:+.0f} s from this machine's")


def _offered(what: str, offered: Any, wanted: str) -> Check:
    """A provider need not say what it offers."""
    if not isinstance(offered, list):
        return Check(what, True, f"{wanted} (it does not say what it offers)")
    return Check(what, wanted in offered, wanted if wanted in offered else f"it does not offer {wanted}")


def _yes_or_no(value: Any) -> str:
    return "offered" if value else "not offered"


def _text(checks: list[Check]) -> str:
    return output.table(
        ("what", "", "found"), [(one.what, "ok" if one.is_good else "WRONG", one.found) for one in checks]
    )
