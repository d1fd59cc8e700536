import pytest

from services.compose_api import settings
from shared import settings as shared_settings

GOOD = {
    "HUB_DATABASE_URL": "postgresql://u:p@h/d",
    "HUB_REDIS_URL": "redis://h:6379/0",
    "HUB_JWT_SECRET": "s" * 32,
}


def test_three_variables_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    read = settings.read()
    assert (read.database.url, read.redis_url, read.auth.secret) == tuple(GOOD.values())
    assert read.places < read.database.pool_size, "whoever has a place finds a connection, and so does /readyz"


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_DATABASE_URL", raising=False)
    bad = {
        "HUB_REDIS_URL": "http://h",
        "HUB_JWT_SECRET": "short",
        "HUB_JWKS_URL": "file:///etc/passwd",
        "HUB_LOG_LEVEL": "loud",
        "HUB_PLACES": "0",
        "HUB_DATABASE_POOL_SIZE": "many",
    }
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(shared_settings.SettingsError) as error:
        settings.read()
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted([*bad, "HUB_DATABASE_URL"])
    assert "short" not in str(error.value), "a secret is never shown"
