from pathlib import Path

import pytest

from services.compose_api import settings
from shared import settings as shared_settings
from tests import factories

GOOD = {
    "HUB_DATABASE_URL": "postgresql://u:p@h/d",
    "HUB_REDIS_URL": "redis://h:6379/0",
    "HUB_JWT_SECRET": factories.SECRET,
}


def test_three_variables_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    read = settings.read()
    assert (read.database.url, read.redis_url, read.auth.secret) == tuple(GOOD.values())
    assert read.rate_limit == "3000 per minute"


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_DATABASE_URL", raising=False)
    bad = {
        "HUB_REDIS_URL": "http://h",
        "HUB_JWT_SECRET": "short",
        "HUB_JWKS_URL": "file:///etc/passwd",
        "HUB_LOG_LEVEL": "loud",
        "HUB_COMPOSE_RATE_LIMIT": "as many as they like",
        "HUB_DATABASE_POOL_SIZE": "many",
    }
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(shared_settings.SettingsError) as error:
        settings.read()
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted([*bad, "HUB_DATABASE_URL"])
    assert "short" not in str(error.value), "a secret is never shown"


def test_what_the_pages_depend_on_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pages = {
        "HUB_INBOX_URL": "https://hub.example.org/inbox/",
        "HUB_STREAM_URL": "https://hub.example.org/stream/",
        "HUB_DIRECTORY_URL": "https://hub.example.org/directory/",
        "HUB_FRAME_ORIGINS": "https://portal.example.org",
        "HUB_DEMO_FILE": str(tmp_path / "people.json"),
    }
    for name, value in {**GOOD, **pages}.items():
        monkeypatch.setenv(name, value)
    assert settings.read().pages == settings.Pages(
        inbox_url="https://hub.example.org/inbox",
        stream_url="https://hub.example.org/stream",
        directory_url="https://hub.example.org/directory",
        frame_origins=("https://portal.example.org",),
        demo_file=tmp_path / "people.json",
    )


def test_pages_need_no_setting_and_an_empty_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert settings.read().pages == settings.Pages()
    for name in ("HUB_INBOX_URL", "HUB_STREAM_URL", "HUB_FRAME_ORIGINS", "HUB_DEMO_FILE", "HUB_CORS_ORIGINS"):
        monkeypatch.setenv(name, "")
    assert settings.read().pages == settings.Pages()


@pytest.mark.parametrize("setting", ["HUB_INBOX_URL", "HUB_STREAM_URL", "HUB_DIRECTORY_URL"])
@pytest.mark.parametrize(
    "url", ["inbox.example.org", "javascript:alert(1)", "https://a.example/x y", "https://a.example; x"]
)
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, setting: str) -> None:
    for name, value in {**GOOD, setting: url}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(shared_settings.SettingsError, match=f"^{setting}: "):
        settings.read()


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://hub.example.org", True),
        ("https://hub.example.org/hub/", True),
        ("http://127.0.0.1:8001", True),
        ("http://localhost:8001", True),
        ("", True),
        ("http://hub.example.org", False),
        ("http://localhost.example.org", False),
        ("hub.example.org", False),
        ("https://hub.example.org/?a=b", False),
    ],
)
def test_people_sign_in_over_tls_or_on_this_machine(monkeypatch: pytest.MonkeyPatch, url: str, is_good: bool) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUB_PUBLIC_URL", url)
    if is_good:
        assert settings.read().sign_in.public_url == (url.rstrip("/") or None)
        assert settings.read().sign_in.keys == (factories.SECRET,)
    else:
        with pytest.raises(shared_settings.SettingsError, match="HUB_PUBLIC_URL: Must be an"):
            settings.read()


def test_cookies_have_keys_of_their_own_if_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUB_SESSION_KEYS", f"{'n' * 40},{'o' * 40}")
    assert settings.read().sign_in.keys == ("n" * 40, "o" * 40)
