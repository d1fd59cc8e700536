"""Canaille (PyPI): an identity provider whose own SCIM client pushes people and groups to the hub, and at which they sign in."""

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import requests

from tests.identity_provider import CLIENT, SECRET, Browser

FOLDER = Path(__file__).parent
PYTHON = FOLDER.parents[1] / ".venv-canaille" / "bin" / "python"
_PASSWORD = "a-password-of-the-tests-only"


class Canaille:
    """What the provider's administrator does there. Each call returns once it was pushed to the hub."""

    def __init__(self, issuer: str, commands: IO[str], answers: IO[str]) -> None:
        self.issuer = issuer
        self._commands = commands
        self._answers = answers

    def hire(self, user_name: str, name: str, *, group: str) -> None:
        self._call("hire", {"user_name": user_name, "name": name, "group": group})

    def move(self, user_name: str, *, group: str) -> None:
        self._call("move", [user_name, group])

    def lock(self, user_name: str) -> None:
        self._call("lock", user_name)

    def unlock(self, user_name: str) -> None:
        self._call("unlock", user_name)

    def dismiss(self, user_name: str) -> None:
        self._call("dismiss", user_name)

    def sign_in(self, browser: Browser, address: str, user_name: str) -> str:
        """Signs a person in at the provider's pages; where it sends their browser back to."""

        def answer(page: requests.Response) -> requests.Response:
            assert re.search(r'name="(login|password)"', page.text), page.text
            return browser.post(page.url, data={"login": user_name, "password": _PASSWORD})

        return browser.go_through(address, answer)

    def _call(self, command: str, value: Any) -> None:
        print(json.dumps({command: value}), file=self._commands, flush=True)
        answer = self._answers.readline()
        assert answer == "\n", f"Canaille did not {command} {value}"


@contextlib.contextmanager
def running(hub_url: str, *, directory_token: str, log: Path) -> Iterator[Canaille]:
    """The provider, for the hub with this public address. Skips the test where it is not installed, but not in CI."""
    if not PYTHON.exists():
        reason = "Canaille is not installed: `make test` installs it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    given = {"hub": hub_url, "client_id": CLIENT, "client_secret": SECRET, "directory_token": directory_token}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [PYTHON, str(FOLDER / "process.py"), json.dumps(given)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=log.parent,
        ) as process,
    ):  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            issuer = process.stdout.readline().strip()
            assert issuer, f"Canaille did not start: {log.read_text()}"
            yield Canaille(issuer, process.stdin, process.stdout)
        finally:
            process.terminate()
