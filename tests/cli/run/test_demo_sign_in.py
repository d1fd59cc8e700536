"""Where the demo's people sign in: the provider of `message-hub run`, unless an operator set another."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from cli.run import demo, demo_sign_in
from services.directory.actions import platforms, providers
from shared import db

KEY = demo.PLATFORM


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(db.DIRECTORY_ROLE)


@pytest.fixture
def with_demo(engine: Engine) -> Engine:
    platforms.put_platform(engine, key=KEY, name="Demo", plan="enterprise")
    return engine


def issuer(engine: Engine) -> str | None:
    found = providers.find_provider(engine, key=KEY)
    return found.issuer if found else None


def test_the_provider_follows_its_port_and_goes_with_the_demo(with_demo: Engine) -> None:
    for port in (20_001, 20_002):
        assert demo_sign_in.register(with_demo, port=port, operator="test")
        assert issuer(with_demo) == f"http://127.0.0.1:{port}"
    demo_sign_in.withdraw(with_demo, operator="test")
    assert issuer(with_demo) is None


def test_what_an_operator_set_stays(with_demo: Engine) -> None:
    own = providers.Wanted(issuer="https://id.example", client_id="hub")
    providers.put_provider(with_demo, key=KEY, wanted=own, operator="test")
    assert not demo_sign_in.register(with_demo, port=20_001, operator="test")
    demo_sign_in.withdraw(with_demo, operator="test")
    assert issuer(with_demo) == "https://id.example"


def test_a_hub_without_the_demo_platform_gets_none(engine: Engine) -> None:
    assert not demo_sign_in.register(engine, port=20_001, operator="test")
    demo_sign_in.withdraw(engine, operator="test")
    assert platforms.list_platforms(engine) == []
