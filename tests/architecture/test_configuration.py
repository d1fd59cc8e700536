"""docs/configuration.md and .env.example against the code that reads settings and the compose file that hands them on."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import connect
from services.compose_api import settings as compose_settings
from services.directory import settings as directory_settings
from services.fanout_worker import settings as worker_settings
from services.inbox_api import settings as inbox_settings
from services.inbox_api.stream import settings as stream_settings
from shared import server, settings
from tests.architecture import compose_file

ROOT = Path(__file__).parents[2]
REQUIRED = "required"
IN_CODE = re.compile(r"\bHUB_[A-Z_]*[A-Z]\b")

# Where the document says a default in words, what the code has instead.
IN_WORDS = {
    ("cli", "HUB_DATABASE_URL"): REQUIRED,
    ("cli", "HUB_REDIS_URL"): REQUIRED,
}
# Names for several processes in the column "read by".
SEVERAL = {
    "services": ["compose_api", "inbox_api", "inbox_stream", "directory", "fanout_worker"],
    "all": ["compose_api", "inbox_api", "inbox_stream", "directory", "fanout_worker", "cli"],
}
# What docker-compose.yml leaves to each service's own default, because the defaults differ, and other ways to say the same.
NOT_HANDED_ON = {
    "HUB_DATABASE_POOL_SIZE",
    "HUB_STATEMENT_TIMEOUT_MS",
    "HUB_JWT_SECRET_FILE",
    "HUB_SESSION_KEYS_FILE",
    "HUB_DATABASE_URL_FILE",
    "HUB_REDIS_URL_FILE",
    "HUB_DATA",
    "HUB_DEMO_FILE",  # there is no demo in a deployment
}


class Recorder:
    """Stands where settings are read from an `environs.Env`; answers with defaults and notes what was asked for."""

    def __init__(self) -> None:
        self.read: dict[str, str] = {}

    def _ask(self, name: str, *default: Any, **_options: Any) -> Any:
        self.read[f"HUB_{name}"] = "none" if default in ((None,), ("",)) else str(*default) if default else REQUIRED
        return default[0] if default else "postgresql://user@nowhere/database"

    str = int = bool = float = _ask


def _read(monkeypatch: pytest.MonkeyPatch, *read: Callable[[], object]) -> dict[str, str]:
    recorder = Recorder()
    monkeypatch.setattr(settings, "read", lambda build: build(recorder))
    for one in read:
        one()
    return recorder.read


@pytest.fixture
def in_code(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Every variable with its default, by the process that reads it."""
    # Otherwise the command would look for a running hub first.
    for name in ("HUB_DATABASE_URL", "HUB_REDIS_URL"):
        monkeypatch.setenv(name, "given")
    return {
        "compose_api": _read(monkeypatch, compose_settings.read, server.read_drain_seconds),
        "inbox_api": _read(monkeypatch, inbox_settings.read, server.read_drain_seconds),
        "inbox_stream": _read(monkeypatch, stream_settings.read, server.read_drain_seconds),
        "directory": _read(monkeypatch, directory_settings.read, server.read_drain_seconds),
        "fanout_worker": _read(monkeypatch, worker_settings.read),
        "cli": _read(
            monkeypatch,
            lambda: connect.make_engine(None).dispose(),
            connect.redis_url,
            connect.given_jwt_secret,
            connect.service_urls,
            connect.gateway_url,
            connect.former_user_days,
            connect.evidence_keys,
        )
        | {"HUB_DATA": connect.DEFAULT_DATA},
    }


def _rows() -> list[tuple[str, str, list[str]]]:
    """Variable, default and readers of each row of the document's tables."""
    rows = []
    for line in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `HUB_"):
            variable, default, unit, readers, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            assert default, f"{variable} has no default"
            assert unit, f"{variable} has no unit"
            assert meaning, f"{variable} has no meaning"
            rows.append((variable.strip("`"), default, SEVERAL.get(readers) or readers.split(", ")))
    return rows


def _documented(reader: str) -> dict[str, str]:
    rows = [(variable, default) for variable, default, readers in _rows() if reader in readers]
    assert len(rows) == len(dict(rows)), f"a variable has two rows for {reader}"
    return dict(rows)


def _example() -> list[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^#?(HUB_[A-Z_]+)=", text, re.MULTILINE)


@pytest.mark.parametrize("reader", ["compose_api", "inbox_api", "inbox_stream", "directory", "fanout_worker", "cli"])
def test_every_setting_is_documented_with_its_default_for_each_process_that_reads_it(
    reader: str, in_code: dict[str, dict[str, str]]
) -> None:
    documented = {name: IN_WORDS.get((reader, name), default) for name, default in _documented(reader).items()}
    assert documented == in_code[reader]


def test_the_code_names_no_variable_that_is_not_documented() -> None:
    named = set()
    for folder in ("services", "shared", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            named |= set(IN_CODE.findall(path.read_text(encoding="utf-8")))
    assert named <= {variable for variable, _, _ in _rows()}


def test_the_compose_file_takes_exactly_the_variables_documented_for_it_and_those_it_hands_on() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (compose_file.PATH, compose_file.TLS))
    taken = dict(re.findall(r"\$\{(HUB_[A-Z_]+):[-?]([^}]*)\}", text))
    documented = _documented("docker-compose.yml") | _documented("deploy/gateway/tls.yml")
    assert set(taken) == set(documented)
    for name, default in documented.items():
        assert taken[name] == ("set it in .env, see .env.example" if default == REQUIRED else default)


def test_the_gateway_takes_exactly_the_variables_documented_for_it() -> None:
    text = (ROOT / "deploy" / "gateway" / "haproxy.cfg").read_text(encoding="utf-8")
    documented = _documented("gateway")
    assert set(compose_file.services()["gateway"]["environment"]) == set(documented)
    for name, default in documented.items():
        assert f"{{{name}-{default}}}" in text or (default == "none" and f"{{{name}[*]}}" in text)


@pytest.mark.parametrize(
    "service", ["compose_api", "inbox_api", "inbox_stream", "directory", "fanout_worker", "beat", "cli"]
)
def test_a_container_is_handed_every_setting_that_its_process_reads_and_no_other(
    service: str, in_code: dict[str, dict[str, str]]
) -> None:
    handed = set(compose_file.services()[service]["environment"])
    read = set(in_code["fanout_worker" if service == "beat" else service])
    # The command logs nothing of its own, and beat has no heartbeat.
    spare = {"cli": {"HUB_LOG_FORMAT", "HUB_LOG_LEVEL"}}.get(service, set())
    assert handed - spare == read - NOT_HANDED_ON - ({"HUB_HEARTBEAT_FILE"} if service == "beat" else set())


def test_the_example_names_every_variable_once() -> None:
    example = _example()
    assert len(example) == len(set(example))
    assert set(example) == {variable for variable, _, _ in _rows()}


def test_the_example_shows_the_defaults() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^#?(HUB_[A-Z_]+)=(.*)$", text, re.MULTILINE))
    for variable, rows in itertools.groupby(sorted(_rows(), key=lambda row: row[0]), key=lambda row: row[0]):
        defaults = {default for _, default, _ in rows}
        if variable in compose_file.SECRETS:
            assert shown[variable] == "", f"{variable} is a secret"
        elif not defaults & {REQUIRED, "none"}:
            assert shown[variable] in defaults
