"""shared/health.py: what a container's health check says, and with which exit code."""

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from shared import health


class _Api(http.server.BaseHTTPRequestHandler):
    status: ClassVar[int] = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"status": "whatever"}')

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def api() -> Iterator[str]:
    """The address of an API that answers with `_Api.status`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/readyz"
        server.shutdown()
        thread.join()


def test_an_api_that_is_ready_is_well(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Api, "status", 200)
    assert health.check(api, now=time.time()) is None


def test_an_api_that_is_not_ready_is_not_well_and_its_answer_is_shown(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Api, "status", 503)
    assert health.check(api, now=time.time()) == f'{api} answered 503: {{"status": "whatever"}}'


def test_an_api_that_is_away_is_not_well() -> None:
    problem = health.check("http://127.0.0.1:1/readyz", now=time.time())
    assert problem is not None
    assert "does not answer" in problem


def test_a_worker_is_well_while_its_file_is_fresh(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    touched_at = heartbeat.stat().st_mtime
    assert health.check(str(heartbeat), now=touched_at + 29) is None
    assert "last touched 31 s ago" in str(health.check(str(heartbeat), now=touched_at + 31))


def test_a_worker_that_has_not_begun_is_not_well(tmp_path: Path) -> None:
    assert "No such file" in str(health.check(str(tmp_path / "heartbeat"), now=time.time()))


@pytest.mark.parametrize(("age_s", "code"), [(0, 0), (60, 1)])
def test_the_exit_code_says_it_to_the_engine(tmp_path: Path, age_s: int, code: int) -> None:
    heartbeat = tmp_path / "heartbeat"
    heartbeat.touch()
    os.utime(heartbeat, (time.time() - age_s,) * 2)
    answer = subprocess.run(
        [sys.executable, "-m", "shared.health", str(heartbeat)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == code
    assert bool(answer.stderr) == bool(code)


def test_it_imports_nothing_that_takes_long() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "import sys, shared.health; print(*(n for n in sys.modules if n.startswith('shared')))"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert answer.stdout.split() == ["shared", "shared.health"]
