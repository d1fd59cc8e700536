"""The key server of one platform hangs, and its users come with unknown keys: others are served, and so are its known keys."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from drills import background, others
from drills.platforms import Directory, Membership, Person, Platform
from drills.processes import wait_until
from drills.scenario import Scenario
from services.directory.actions import platforms as platform_actions
from shared import db

CONNECTIONS = 32
_USER = "issued-administrator"
_PATH = "/v1/notifications/counts"
_SECONDS = 2.5
# A key set is fetched again for an unknown key after ten seconds at the earliest.
_REFETCH_S = 10.5


def drill(scenario: Scenario) -> None:
    with _serving() as server, httpx.Client(timeout=10) as client:
        platform = _make_tenant(scenario, server)
        wait_until(lambda: _status(scenario, client, server, platform) == 200, what="its keys are known")
        fetched_at = time.monotonic()
        server.answers.clear()
        unfetched(scenario, client, server, platform)
        scenario.check(
            _status(scenario, client, server, platform) == 200, "known keys work", "while no keys come from the server"
        )
        while True:
            time.sleep(max(0.0, fetched_at + _REFETCH_S - time.monotonic()))
            fetched_at = time.monotonic()
            unknown(scenario, client, server, platform)
            if scenario.is_over:
                break
        server.answers.set()


class _Server(ThreadingHTTPServer):
    """Serves one key as long as `answers` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.answers = threading.Event()
        self.answers.set()
        self.url = f"http://127.0.0.1:{self.server_port}/keys.json"

    def token(self, platform: Platform, kid: str) -> dict[str, str]:
        end = int(time.time()) + 3_600
        claims = {"sub": _USER, "platform": platform.key, "aud": "message-hub", "exp": end, "iss": self.url}
        return {"Authorization": f"Bearer {jwt.encode(claims, self.key, algorithm='ES256', headers={'kid': kid})}"}


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.answers.wait(30)
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.server.key.public_key(), as_dict=True)
        body = json.dumps({"keys": [{**public, "kid": "known", "alg": "ES256"}]}).encode()
        with contextlib.suppress(OSError):  # the hub waits 2 s
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def unfetched(scenario: Scenario, client: httpx.Client, server: _Server, platform: Platform) -> None:
    """compose_api has never had its keys."""
    headers = server.token(platform, "known")
    work = others.flood(scenario.hub.apis.compose_url, "GET", "/v1/audiences", headers, connections=CONNECTIONS)
    with background.running(work):
        others.check_served(scenario, client, "keys that never came", seconds=_SECONDS)
    status = client.get(f"{scenario.hub.apis.compose_url}/v1/audiences", headers=headers).status_code
    scenario.check(status == 503, "keys that cannot be fetched are no fault of the token", f"it is answered {status}")
    scenario.note("hangs before its keys are known")


def unknown(scenario: Scenario, client: httpx.Client, server: _Server, platform: Platform) -> None:
    """inbox_api has its keys, and is sent tokens that name another one."""
    headers = server.token(platform, "unknown")
    work = others.flood(scenario.hub.apis.inbox_url, "GET", _PATH, headers, connections=CONNECTIONS)
    with background.running(work):
        others.check_served(scenario, client, "unknown keys", seconds=_SECONDS)
        status = _status(scenario, client, server, platform)
        scenario.check(status == 200, "known keys work", f"a known key is answered {status} while its server hangs")
    scenario.note("hangs while tokens name unknown keys")


def _status(scenario: Scenario, client: httpx.Client, server: _Server, platform: Platform) -> int:
    """Of a request with the known key, in a token that has not been verified before."""
    headers = server.token(platform, "known")
    return client.get(f"{scenario.hub.apis.inbox_url}{_PATH}", headers=headers).status_code


@contextlib.contextmanager
def _serving() -> Iterator[_Server]:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.answers.set()
        server.shutdown()


def _make_tenant(scenario: Scenario, server: _Server) -> Platform:
    person = Person(_USER, (Membership("platform", "", "administrator"),))
    directory = scenario.hub.engine_as(db.DIRECTORY_ROLE)
    try:
        made = platform_actions.put_platform(
            directory, key="issued", name="Issued", plan="enterprise", issuer=server.url, jwks_url=server.url
        ).platform
        platform = Platform(made.key, made.id)
        platform.put(directory, Directory((), {}, (person,)), scenario.hub.folder / "files")
    finally:
        directory.dispose()
    return platform
