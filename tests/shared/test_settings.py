from collections.abc import Callable
from pathlib import Path

import environs
import pytest

from services.compose_api import settings as compose_settings
from services.fanout_worker import settings as worker_settings
from services.inbox_api import settings as inbox_settings
from shared import settings

GOOD = "ß7b1d92c4e6f8a0d3c5b7e9f1a2d4c6b8e0f3a5c7"


def auth() -> settings.Auth:
    return settings.read(settings.read_auth)


def refusal(build: object = settings.read_auth) -> list[str]:
    with pytest.raises(settings.SettingsError) as error:
        settings.read(build)  # type: ignore[arg-type]
    return str(error.value).splitlines()


def test_a_secret_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_JWT_SECRET", GOOD)
    assert auth() == settings.Auth(secret=GOOD, jwks_url=None)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "  \n"])
def test_a_secret_comes_from_a_file_without_its_line_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    (tmp_path / "secret").write_text(GOOD + ending, encoding="utf-8")
    monkeypatch.setenv("HUB_JWT_SECRET_FILE", str(tmp_path / "secret"))
    assert auth().secret == GOOD


@pytest.mark.parametrize("name", ["missing", "."], ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("HUB_JWT_SECRET_FILE", str(tmp_path / name))
    assert refusal() == ["HUB_JWT_SECRET_FILE: Must name a text file that can be read."]


@pytest.mark.parametrize("length", [1, 31])
def test_a_short_secret_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setenv("HUB_JWT_SECRET", "s" * length)
    (line,) = refusal()
    assert line.startswith("HUB_JWT_SECRET: ")
    assert "sss" not in line


def test_a_short_secret_in_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    monkeypatch.setenv("HUB_JWT_SECRET_FILE", str(tmp_path / "secret"))
    assert refusal() == ["HUB_JWT_SECRET_FILE: Shorter than minimum length 32."]


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD)
    monkeypatch.setenv("HUB_JWT_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("HUB_JWT_SECRET", GOOD[::-1])
    assert refusal() == ["HUB_JWT_SECRET_FILE: Set either this or HUB_JWT_SECRET, not both."]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JWT_SECRET", "JWT_SECRET_FILE", "JWKS_URL"):
        monkeypatch.setenv(f"HUB_{name}", "")
    assert auth() == settings.Auth(secret=None, jwks_url=None)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://h", "h/keys", "javascript:x", "http://", "https:///k", "http://[h/k", "http://h:x/k"],
)
def test_keys_come_from_a_web_address_only(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HUB_JWKS_URL", url)
    assert refusal() == ["HUB_JWKS_URL: Must be an http:// or https:// address."]


def test_all_bad_variables_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "JWT_SECRET": "x",
        "JWKS_URL": "x",
        "REDIS_URL": "x",
        "LOG_LEVEL": "x",
        "LOG_FORMAT": "x",
    }.items():
        monkeypatch.setenv(f"HUB_{name}", value)
    monkeypatch.setenv("HUB_STATEMENT_TIMEOUT_MS", "-1")

    def build(env: environs.Env) -> object:
        database = settings.read_database(env, pool_size=5, statement_timeout_ms=5)
        return database, settings.read_redis_url(env), settings.read_auth(env), settings.read_log(env)

    assert [line.partition(":")[0] for line in refusal(build)] == [
        "HUB_DATABASE_URL",
        "HUB_JWKS_URL",
        "HUB_JWT_SECRET",
        "HUB_LOG_FORMAT",
        "HUB_LOG_LEVEL",
        "HUB_REDIS_URL",
        "HUB_STATEMENT_TIMEOUT_MS",
    ]


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "postgres://h/d"])
def test_a_database_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    read = settings.read(lambda env: settings.read_database(env, pool_size=7, statement_timeout_ms=9))
    assert (read.url, read.pool_size, read.statement_timeout_ms) == (url, 7, 9)


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "h", ""])
def test_another_database_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    (line,) = refusal(lambda env: settings.read_database(env, pool_size=7, statement_timeout_ms=9))
    assert line.startswith("HUB_DATABASE_URL: Must look like postgresql://")


BROKEN = {
    "DATABASE_URL": ["postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@h:0/d"],
    "REDIS_URL": [
        *(
            "redis://:hunter2/x@h:6379/0",
            "redis://:hunter2#x@h:6379/0",
            "redis://:x@h:hunter2/0",
            "redis://:hunter2@[h",
        ),
        *("redis://:hunter2@h:99999/0", "redis://:hunter2 x@h/0"),
    ],
}


@pytest.mark.parametrize(("name", "url"), [(name, url) for name, urls in BROKEN.items() for url in urls])
def test_an_address_that_cannot_be_read_is_refused_here_and_not_by_who_would_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(f"HUB_{name}", url)
    read = {
        "DATABASE_URL": lambda env: settings.read_database(env, pool_size=1, statement_timeout_ms=1).url,
        "REDIS_URL": settings.read_redis_url,
    }[name]
    (line,) = refusal(read)
    assert line.startswith(f"HUB_{name}: Must look like")
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["redis://", "redis://h", "redis://u:a%2Fb@[::1]:1/0?db=1"])
def test_a_redis_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HUB_REDIS_URL", url)
    assert settings.read(settings.read_redis_url) == url


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("rediss://h", "rediss://h?ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_ca_certs=/ca.pem", "rediss://h/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none"),
    ],
)
def test_the_certificate_of_a_redis_is_verified_unless_the_address_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: str, read: str
) -> None:
    monkeypatch.setenv("HUB_REDIS_URL", given)
    assert settings.read(settings.read_redis_url) == settings.read(settings.read_given_redis_url) == read


def test_a_socket_that_celery_cannot_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_REDIS_URL", "unix:///run/redis.sock")
    assert refusal(settings.read_redis_url)[0].startswith("HUB_REDIS_URL: Must look like")


def test_a_secret_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_JWT_SECRET", GOOD + "\udcff")
    assert refusal() == ["HUB_JWT_SECRET: Must be text in UTF-8."]


def test_a_variable_without_the_prefix_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", GOOD)
    assert auth().secret is None


def read_origins(env: environs.Env) -> tuple[str, ...]:
    return settings.read_origins(env, "CORS_ORIGINS")


def origins() -> tuple[str, ...]:
    return settings.read(read_origins)


def test_no_page_elsewhere_may_call_unless_it_is_named() -> None:
    assert origins() == ()


def test_origins_are_listed_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "HUB_CORS_ORIGINS", "https://a.example, http://[::1]:8001,,https://a.example, https://b.example:8443"
    )
    assert origins() == ("https://a.example", "http://[::1]:8001", "https://b.example:8443")


@pytest.mark.parametrize(
    "origin", ["*", "null", "a.example", "https://a.example/", "https://a.example/path", "https://A.example", "ftp://a"]
)
def test_what_no_browser_sends_as_its_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("HUB_CORS_ORIGINS", f"https://good.example,{origin}")
    (line,) = refusal(read_origins)
    assert line.startswith("HUB_CORS_ORIGINS: Must be origins like")


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("your-secret-key-of-32-characters!", "Looks like an example"),
        ("short", "Shorter"),
    ],
)
def test_a_weak_secret_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch, secret: str, reason: str) -> None:
    monkeypatch.setenv("HUB_JWT_SECRET", secret)
    (line,) = refusal()
    assert line.startswith(f"HUB_JWT_SECRET: {reason}")
    assert secret not in line


ADDRESSES = {"DATABASE_URL": "postgresql://u:hunter2@h/d", "REDIS_URL": "redis://:hunter2@h/0"}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_with_a_password_comes_from_a_file_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.delenv(f"HUB_{name}", raising=False)
    (tmp_path / "address").write_text(ADDRESSES[name] + "\n")
    monkeypatch.setenv(f"HUB_{name}_FILE", str(tmp_path / "address"))
    read = {
        "DATABASE_URL": lambda env: settings.read_database(env, pool_size=1, statement_timeout_ms=1).url,
        "REDIS_URL": settings.read_redis_url,
    }[name]
    assert settings.read(read) == ADDRESSES[name]
    monkeypatch.setenv(f"HUB_{name}", ADDRESSES[name])
    assert refusal(read) == [f"HUB_{name}_FILE: Set either this or HUB_{name}, not both."]
    monkeypatch.delenv(f"HUB_{name}")
    (tmp_path / "address").write_text("hunter2")
    (line,) = refusal(read)
    assert line.startswith(f"HUB_{name}_FILE: Must look like")
    assert "hunter2" not in line


@pytest.mark.parametrize("read", [compose_settings.read, inbox_settings.read, worker_settings.read])
def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch, read: Callable[[], object]) -> None:
    for name, value in {**ADDRESSES, "JWT_SECRET": GOOD}.items():
        monkeypatch.setenv(f"HUB_{name}", value)
    shown = repr(read())
    assert "Settings(" in shown
    assert "hunter2" not in shown
    assert GOOD not in shown


def test_no_proxy_is_believed_unless_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.read(settings.read_proxy_count) == 0
    monkeypatch.setenv("HUB_PROXY_COUNT", "2")
    assert settings.read(settings.read_proxy_count) == 2


@pytest.mark.parametrize("value", ["*", "-1", "9", "10.0.0.5", "1.5"])
def test_what_is_no_number_of_proxies_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HUB_PROXY_COUNT", value)
    (line,) = refusal(settings.read_proxy_count)
    assert line.startswith("HUB_PROXY_COUNT: ")


def test_a_secret_may_be_two_of_which_the_first_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    former = GOOD[::-1]
    monkeypatch.setenv("HUB_JWT_SECRET", f"{GOOD}, {former}\n")
    assert auth() == settings.Auth(secret=GOOD, jwks_url=None, former_secret=former)
    assert auth().secrets == (GOOD, former)
    monkeypatch.setenv("HUB_JWT_SECRET", f"{GOOD},short")
    assert refusal() == ["HUB_JWT_SECRET: Shorter than minimum length 32."]
    monkeypatch.setenv("HUB_JWT_SECRET", f"{GOOD},{former},{former}")
    assert refusal() == ["HUB_JWT_SECRET: Must be one secret, or two separated by a comma: the new one first."]
