"""Other people's checkers, run against the service over HTTP."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.directory.scim.conftest import Scim

BIN = Path(sys.executable).parent


@pytest.fixture
def url(scim: Scim) -> Iterator[str]:
    """Where the service is reached."""
    with make_server("127.0.0.1", 0, scim.app, threaded=True) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/scim/v2"
        server.shutdown()


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    program, *arguments = command
    return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=90, check=False)


def test_scim2_tester_finds_nothing(scim: Scim, url: str) -> None:
    done = run("scim", "-u", url, "-h", f"Authorization: Bearer {scim.token}", "test", "--verbose")
    lines = done.stdout.splitlines()
    bad = [line for line in lines if line.startswith(("ERROR", "CRITICAL", "DEVIATION", "FAILURE"))]
    assert (done.returncode, bad) == (0, []), done.stdout + done.stderr
    assert sum(line.startswith("SUCCESS") for line in lines) > 75, done.stdout


# What the probe expects, and why it is answered otherwise.
DIFFERENCES = {
    # It adds an id that it makes up, which is no user here.
    "PATCH /Groups/{id} add member": "Expected 200, got 400",
}


def test_scim_sanity_finds_only_what_is_explained_here(scim: Scim, url: str) -> None:
    done = run("scim-sanity", "probe", url, "--token", scim.token, "--i-accept-side-effects", "--json-output")
    results = json.loads(done.stdout)["results"]
    assert {one["name"]: one["message"] for one in results if one["status"] not in ("pass", "skip")} == DIFFERENCES
    assert sum(one["status"] == "pass" for one in results) > 20
