"""Sign-in for the demo: an OpenID provider of its own (PyPI oidc-provider-mock) at which anybody signs in as anybody.

Only for the demo platform of embedded servers, whose tokens `message-hub run` prints anyway.
"""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from cli.run import demo
from cli.run.programs import API_STAGE
from cli.run.supervisor import Program
from services.directory.actions import platforms, providers

# Marks the provider that is set here; one that an operator set stays.
_CLIENT_ID = "message-hub-demo"


def is_installed() -> bool:
    return importlib.util.find_spec("oidc_provider_mock") is not None


def program(port: int, *, environment: Mapping[str, str], logs: Path) -> Program:
    """The provider. It gets none of the hub's settings and secrets."""
    people = [word for user in demo.PEOPLE.values() for word in ("--user", user)]
    return Program(
        name="identity_provider",
        command=(sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *people),
        environment={name: value for name, value in environment.items() if not name.startswith("HUB_")},
        log=logs / "identity_provider.log",
        stage=API_STAGE,
        stop_timeout_s=2.0,
    )


def register(engine: Engine, *, port: int, operator: str) -> bool:
    """Lets the demo's people sign in at the provider at `port`; False if there is no demo, or it signs in elsewhere.

    `engine` acts as the directory's role.
    """
    if demo.PLATFORM not in {platform.key for platform in platforms.list_platforms(engine)}:
        return False
    issuer = f"http://127.0.0.1:{port}"
    before = providers.find_provider(engine, key=demo.PLATFORM)
    if before is not None and before.client_id != _CLIENT_ID:
        return False
    if before is None or before.issuer != issuer:
        wanted = providers.Wanted(
            issuer=issuer,
            client_id=_CLIENT_ID,
            client_secret="any",  # noqa: S106 (the provider accepts any secret, and refuses a client without one)
        )
        providers.put_provider(engine, key=demo.PLATFORM, wanted=wanted, operator=operator)
    return True


def withdraw(engine: Engine, *, operator: str) -> None:
    """Removes what an earlier run registered."""
    before = providers.find_provider(engine, key=demo.PLATFORM)
    if before is not None and before.client_id == _CLIENT_ID:
        providers.put_provider(engine, key=demo.PLATFORM, wanted=providers.Wanted(issuer=""), operator=operator)
