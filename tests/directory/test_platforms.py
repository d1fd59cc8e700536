"""Platforms are made, updated, and left alone when nothing is new."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from services.directory import errors
from services.directory.actions import platforms
from tests.directory import files

ISSUER = {"issuer": "https://id.example.org/", "jwks_url": "https://id.example.org/jwks"}


def put(engine: Engine, **values: Any) -> tuple[str, int]:
    change = platforms.put_platform(engine, **({"key": "new", "name": "New", "plan": "enterprise"} | values))
    return change.outcome, change.platform.directory_version


def test_a_platform_is_made_at_version_zero_and_reaches_nobody(engine: Engine) -> None:
    assert put(engine) == ("created", 0)
    with engine.connect() as connection:
        assert files.read_counts(connection, key="new") == {("platform", ""): 0}
        row = connection.execute(
            text(
                "SELECT s.name, plan, issuer, jwks_url FROM platforms p JOIN scopes s ON s.id = p.id WHERE key = 'new'"
            )
        ).one()
    assert tuple(row) == ("New", "enterprise", None, None)


def test_the_same_again_writes_nothing(engine: Engine) -> None:
    put(engine, **ISSUER)
    with engine.connect() as connection:
        before = files.read_everything(connection)
    assert put(engine, **ISSUER) == ("unchanged", 0)
    assert put(engine, name=" New ") == ("unchanged", 0)
    with engine.connect() as connection:
        assert files.read_everything(connection) == before


@pytest.mark.parametrize(
    "change", [{"name": "Newer"}, {"plan": "standard"}, ISSUER, {"categories": ["service", "training"]}]
)
def test_every_change_raises_the_version(engine: Engine, change: dict[str, Any]) -> None:
    put(engine)
    assert put(engine, **change) == ("updated", 1)
    assert put(engine, **change) == ("unchanged", 1)


def test_an_issuer_stays_until_it_is_removed_with_empty_values(engine: Engine) -> None:
    put(engine, **ISSUER)
    change = platforms.put_platform(engine, key="new", name="Newer", plan="enterprise")
    assert (change.platform.issuer, change.platform.jwks_url) == tuple(ISSUER.values())
    change = platforms.put_platform(engine, key="new", name="Newer", plan="enterprise", issuer="", jwks_url="")
    assert (change.outcome, change.platform.issuer, change.platform.jwks_url) == ("updated", None, None)


def test_categories_stay_until_others_replace_them(engine: Engine) -> None:
    put(engine)
    (made,) = (one for one in platforms.list_platforms(engine) if one.key == "new")
    assert made.categories == ["service", "regulation", "feature", "other"]
    put(engine, categories=["cafe\u0301", " two words "])
    assert put(engine, name="Newer") == ("updated", 2)
    (made,) = (one for one in platforms.list_platforms(engine) if one.key == "new")
    assert made.categories == ["caf\u00e9", "two words"]


def test_two_platforms_cannot_share_an_issuer(engine: Engine) -> None:
    put(engine, **ISSUER)
    with pytest.raises(errors.BadPlatformError, match='already belongs to platform "new"'):
        put(engine, key="newer", **ISSUER)


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"key": ""}, "platform's key"),
        ({"key": "-new"}, "platform's key"),
        ({"key": "new\n"}, "platform's key"),
        ({"key": "n" * 64}, "platform's key"),
        ({"key": "neü"}, "platform's key"),
        ({"name": "  "}, "platform's name"),
        ({"name": "n" * 201}, "platform's name"),
        ({"name": "a\x00b"}, "platform's name"),
        ({"plan": "gold"}, "plan must be one of enterprise, standard"),
        ({"issuer": "https://id.example.org"}, "come together"),
        ({"jwks_url": "https://id.example.org/jwks"}, "come together"),
        ({"issuer": "", "jwks_url": "https://id.example.org/jwks"}, "come together"),
        ({**ISSUER, "jwks_url": "ftp://id.example.org/jwks"}, "http:// or https://"),
        ({**ISSUER, "jwks_url": "https:///jwks"}, "http:// or https://"),
        ({**ISSUER, "jwks_url": "https://[::1/jwks"}, "http:// or https://"),
        ({**ISSUER, "issuer": "two words"}, "issuer must be"),
        ({"categories": [""]}, "category's name"),
        ({"categories": ["n" * 41]}, "category's name"),
        ({"categories": ["a\u200bb"]}, "category's name"),
        ({"categories": [str(number) for number in range(21)]}, "1 to 20 different categories"),
        ({"categories": ["service", " Service "]}, "1 to 20 different categories"),
    ],
)
def test_what_cannot_be_a_platform_is_refused_with_a_reason(engine: Engine, values: dict[str, Any], about: str) -> None:
    with pytest.raises(errors.BadPlatformError, match=about):
        put(engine, **values)
    assert [platform.key for platform in platforms.list_platforms(engine)] == ["acme"]
