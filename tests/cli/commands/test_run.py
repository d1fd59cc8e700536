"""`message-hub run` as a whole: real servers, real services, started and killed as an operator would."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from cli.embedded import files
from cli.run import demo_messages

_ROOT = Path(__file__).parents[3]
_UP_S = 60.0
# The hub promises ten seconds; a machine that runs other tests at the same time gets some more.
_REPAIRED_S = 20.0


class Hub:
    """One `message-hub run` and its data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.output = data.with_suffix(".out")
        self.ports = [files.free_port() for _ in range(4)]
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli", name, "--data", str(self.data), *arguments],
            capture_output=True, text=True, cwd=_ROOT, env=_environment(), timeout=60, check=False,
        )  # fmt: skip

    def start(self, *arguments: str) -> None:
        options = zip(
            ("--compose-port", "--inbox-port", "--stream-port", "--directory-port"), map(str, self.ports), strict=True
        )
        ports = [part for option in options for part in option]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", "--data", str(self.data), *ports, *arguments],
                stdout=output, stderr=output, cwd=_ROOT, env=_environment(), start_new_session=True,
            )  # fmt: skip
        _wait(
            lambda: "Message Hub is up." in self.printed() or not self.is_running(),
            seconds=_UP_S,
            what="the hub to come up",
        )
        assert self.is_running(), self.printed()

    def stop(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()
            self.process.wait(timeout=60)

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def is_running(self) -> bool:
        assert self.process is not None
        return self.process.poll() is None

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The running processes by the program they belong to, each program's main process first."""
        assert self.process is not None
        found = {}
        for main in psutil.Process(self.process.pid).children():
            if main.status() == psutil.STATUS_ZOMBIE:
                continue  # ended, and not reaped yet
            words = " ".join(main.cmdline())
            known = (
                "postgres -D",
                "redis-server",
                "compose_api",
                "inbox_api",
                "services.directory",
                "worker --",
                "beat --",
            )
            name = next((name for name in known if name in words), words)
            found[name] = [main, *main.children(recursive=True)]
        return found

    def printed_curl(self, number: int) -> httpx.Request:
        """The request that the banner's curl number `number` would make."""
        commands = re.findall(r"^  curl .*?[^\\]$", self.printed(), re.MULTILINE | re.DOTALL)
        words = shlex.split(commands[number].replace("\\\n", " "))
        assert words[:2] == ["curl", "-sS"]
        headers = [words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H"]
        body = next((words[i + 1] for i, word in enumerate(words) if word == "-d"), None)
        return httpx.Request("GET" if body is None else "POST", words[2], headers=headers, content=body)

    def send_and_see(self) -> str:
        """Sends a message as the banner says and finds it under the bell and delivered; its id. Raises when it cannot."""
        with httpx.Client(timeout=5) as client:
            sent = client.send(self.printed_curl(0))
            assert sent.status_code == 202, sent.text
            message_id = str(sent.json()["id"])
            feed = client.send(self.printed_curl(1)).json()
            assert message_id in [one["id"] for one in feed["data"]]
            tell = {"Authorization": self.printed_curl(0).headers["Authorization"]}
            url = f"http://127.0.0.1:{self.ports[1]}/v1/sent-messages/{message_id}"
            deadline = time.monotonic() + 10
            while client.get(url, headers=tell).json().get("status") != "sent":
                assert time.monotonic() < deadline, "it is not delivered"
                time.sleep(0.2)
        return message_id


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Not started yet."""
    hub = Hub(tmp_path / "data")
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def new_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """As a new user has it: running, with its demo and the demo's first messages."""
    hub = Hub(tmp_path_factory.mktemp("run") / "data")
    try:
        hub.start("--workers", "1")
        yield hub
    finally:
        hub.stop()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return {**kept, "HUB_SWEEP_SECONDS": "1"}


def _wait(until: Callable[[], object], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"waited more than {seconds:.0f} s for {what}"
        time.sleep(0.1)


def _works(hub: Hub) -> bool:
    try:
        hub.send_and_see()
    except (httpx.HTTPError, AssertionError, KeyError):
        return False
    return True


def _json(answer: "subprocess.CompletedProcess[str]") -> Any:
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.timeout(240)
def test_the_console_finds_both_apis_and_the_demo_people(new_hub: Hub) -> None:
    compose, inbox, stream, directory = (f"http://127.0.0.1:{port}" for port in new_hub.ports)
    assert f"{compose}/console/" in new_hub.printed()
    assert f"{compose}/demo/" in new_hub.printed()
    page = httpx.get(compose, follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/console/"), "have the pages been built? make web"
    assert httpx.get(f"{compose}/console/config.json").json() == {
        "inbox_url": inbox,
        "stream_url": stream,
        "directory_url": directory,
        "demo": True,
        "sign_in": {"platform": "demo", "tokens": True, "url": compose},
    }
    assert f"connect-src 'self' {inbox} {stream} {directory};" in page.headers["Content-Security-Policy"]
    assert httpx.get(f"{inbox}/bell.js").status_code == 200

    people = httpx.get(f"{compose}/demo/people.json").json()["people"]
    assert {one["id"] for one in people} >= {"platform-administrator", "user"}
    for origin in (compose, compose.replace("127.0.0.1", "localhost")):
        for one in people:
            headers = {"Authorization": f"Bearer {one['token']}", "Origin": origin}
            answer = httpx.get(f"{inbox}/v1/notifications/counts", headers=headers)
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)


@pytest.mark.timeout(240)
def test_a_demo_person_signs_in_at_the_demos_own_provider(new_hub: Hub) -> None:
    compose = f"http://127.0.0.1:{new_hub.ports[0]}"
    assert f"{compose}/console/   sign in with your organisation as platform-administrator" in new_hub.printed()
    with httpx.Client() as browser:
        asked = browser.get(f"{compose}/auth/login?platform=demo", follow_redirects=True)
        assert "platform-administrator" in asked.text
        back = browser.post(asked.url, data={"sub": "platform-administrator"}, follow_redirects=True)
        assert (back.status_code, back.url.path) == (200, "/console/")
        assert browser.get(f"{compose}/auth/session").json()["user"]["name"] == "Amara Okafor"
    (provider,) = [family[0] for name, family in new_hub.processes().items() if "oidc_provider_mock" in name]
    assert not [name for name in provider.environ() if name.startswith("HUB_")]


@pytest.mark.timeout(240)
def test_a_new_user_sends_the_printed_message_sees_it_and_looks_around(new_hub: Hub, tmp_path: Path) -> None:
    """The last that uses this hub: it is stopped at the end."""
    hub = new_hub
    message_id = hub.send_and_see()

    life = _json(hub.command("status", message_id, "--json"))
    assert life["message"]["status"] == "sent"
    assert life["message"]["delivered_count"] == life["message"]["recipient_count"] > 4_900
    assert life["targets"] == [{"level": "platform", "external_id": "demo"}]
    whole = _json(hub.command("status", "--json"))
    sent = 1 + len(demo_messages.MESSAGES)
    assert (whole["totals"]["sent"], whole["unfinished"], whole["broker"]["reachable"]) == (sent, [], True)

    _wait(lambda: "no sweep" not in hub.command("doctor").stdout, seconds=20, what="a sweep")
    doctor = hub.command("doctor")
    assert doctor.returncode == 0, doctor.stdout
    found = dict(reversed(line.split()[:2]) for line in doctor.stdout.splitlines())
    assert set(found.values()) == {"ok"}
    assert {"sweeps", "workers", "compose_api", "inbox_api", "inbox_stream"} <= found.keys()

    exported = dict(line.removeprefix("export ").split("=", 1) for line in hub.command("env").stdout.splitlines())
    assert sorted(exported) == ["HUB_DATABASE_URL", "HUB_JWT_SECRET", "HUB_REDIS_URL"]
    commands = " ".join(word for family in hub.processes().values() for one in family for word in one.cmdline())
    hidden = [
        exported["HUB_JWT_SECRET"],
        *(urlsplit(exported[name]).password for name in ("HUB_DATABASE_URL", "HUB_REDIS_URL")),
    ]
    assert all(secret and secret not in commands + hub.printed() for secret in hidden), "everybody here can read those"
    token = hub.command("token", "--platform", "demo", "--user", "user", "--ttl", "60").stdout.strip()
    feed = httpx.get(f"http://127.0.0.1:{hub.ports[1]}/v1/notifications", headers={"Authorization": f"Bearer {token}"})
    first, *others = feed.json()["data"]
    assert first["id"] == message_id
    assert [one["title"] for one in others] == [one.title for one in reversed(demo_messages.MESSAGES)]
    assert feed.json()["unread_count"] == 1 + len(others) - demo_messages.READ_COUNT

    second = hub.command("run")
    assert second.returncode == 1
    assert "A hub is already running with the data folder" in second.stderr
    taken = subprocess.run(
        [sys.executable, "-m", "cli", "run", "--data", str(tmp_path / "other"), "--compose-port", str(hub.ports[0])],
        capture_output=True, text=True, cwd=_ROOT, env=_environment(), timeout=60, check=False,
    )  # fmt: skip
    assert taken.returncode == 1
    assert f"Port {hub.ports[0]} is taken" in taken.stderr
    assert "--compose-port" in taken.stderr

    assert hub.process is not None
    everything = [one for family in hub.processes().values() for one in family]
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(timeout=30) == 0
    assert not [one for one in everything if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert "Traceback" not in hub.printed()
    assert hub.printed().endswith("Stopped.\n")
    assert hub.command("env").returncode == 1


@pytest.mark.timeout(300)
def test_whatever_is_killed_the_hub_works_again_and_keeps_its_messages(hub: Hub) -> None:
    hub.start("--workers", "1")
    first = hub.send_and_see()
    # Each program's main process, and of those that have any also a process they started.
    for name, position in (
        ("postgres -D", 0), ("redis-server", 0), ("compose_api", 0), ("inbox_api", -1), ("worker --", 0), ("worker --", -1), ("beat --", 0),
    ):  # fmt: skip
        victim = hub.processes()[name][position]
        victim.kill()
        _wait(lambda: _works(hub), seconds=_REPAIRED_S, what=f"a working hub after {name} [{position}] was killed")

    assert hub.process is not None
    everything = [one for family in hub.processes().values() for one in family]
    hub.process.kill()
    hub.process.wait()
    hub.start("--workers", "1")
    assert not [one for one in everything if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    hub.send_and_see()
    # Asked for by its id: how many messages have come since depends on how often it was tried whether the hub works.
    feed = hub.printed_curl(1)
    assert httpx.get(f"{feed.url}/{first}", headers=feed.headers).status_code == 200
    titles = [one["title"] for one in httpx.get(f"{feed.url}?limit=100", headers=feed.headers).json()["data"]]
    assert titles[-len(demo_messages.MESSAGES) :] == [one.title for one in reversed(demo_messages.MESSAGES)]
    assert titles.count(demo_messages.MESSAGES[-1].title) == 1


@pytest.mark.timeout(120)
def test_a_hub_without_workers_and_demo_says_what_to_do_next(hub: Hub) -> None:
    hub.start("--workers", "0", "--no-demo")
    printed = hub.printed()
    assert "--workers 0" in printed
    assert re.search(
        rf"message-hub import --platform my-platform DIRECTORY --data \S*{re.escape(hub.data.name)}", printed
    )
    assert "curl" not in printed
    assert not {"worker --", "beat --"} & hub.processes().keys()
    assert not [name for name in hub.processes() if "oidc_provider_mock" in name]
    config = httpx.get(f"http://127.0.0.1:{hub.ports[0]}/console/config.json").json()
    assert (config["demo"], config["sign_in"]) == (False, None)
