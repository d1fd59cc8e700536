"""The embedded Redis: a real server, started the way `message-hub run` starts it."""

import importlib.util
import stat
from pathlib import Path

import pytest
import redis

from cli.embedded import redis as embedded_redis
from cli.embedded import server


def test_it_lets_nobody_in_without_its_password_and_keeps_it_off_the_command_line(tmp_path: Path) -> None:
    prepared = embedded_redis.prepare(tmp_path / "redis")
    password = (tmp_path / "redis" / "password").read_text().strip()
    assert password in prepared.url
    assert password not in " ".join(prepared.command)
    assert stat.S_IMODE((tmp_path / "redis" / "redis.conf").stat().st_mode) == 0o600
    with server.running(prepared, log=tmp_path / "log"):
        with (
            redis.Redis.from_url(prepared.url.replace(f":{password}@", "")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        with redis.Redis.from_url(prepared.url) as client:
            assert client.config_get("bind")["bind"] == "127.0.0.1"


def test_nothing_it_holds_outlives_it(tmp_path: Path) -> None:
    prepared = embedded_redis.prepare(tmp_path / "redis")
    for _ in range(2):
        with server.running(prepared, log=tmp_path / "log"), redis.Redis.from_url(prepared.url) as client:
            assert client.get("kept") is None
            client.set("kept", "no")
    assert sorted(path.name for path in (tmp_path / "redis").iterdir()) == ["password", "port", "redis.conf"]


def test_without_any_binary_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(server.EmbeddedError, match=r"apt-get install redis-server.*HUB_REDIS_URL"):
        embedded_redis.prepare(tmp_path / "redis")
