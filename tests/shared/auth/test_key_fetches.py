"""How the keys of an issuer are fetched and kept, and what happens when they cannot be fetched."""

import json
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog

from shared import VERSION, errors, settings
from shared.auth import key_sets, store, tokens
from tests import factories
from tests.shared.auth import keys
from tests.shared.auth.keys import GOOD, KeyServer, make_key, refusal, verifier
from tests.waiting import wait_until


def is_refused(checked: tokens.Verifier, token: str) -> bool:
    try:
        checked.verify(token)
    except errors.HubError:
        return True
    return False


def end_fetches() -> None:
    for thread in threading.enumerate():
        if thread.name == "keys":
            thread.join(5)


class Clock:
    """Stands in for time.monotonic, so that minutes pass at once; tokens stay as young as they are."""

    perf_counter = staticmethod(time.perf_counter)

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(key_sets, "time", clock)
    return clock


def test_a_new_key_is_fetched_when_a_token_names_it(key_server: KeyServer, clock: Clock) -> None:
    key_server.keys = [make_key(kid="old")]
    checked = verifier(key_server)
    checked.verify(make_key(kid="old").sign())
    key_server.keys = [make_key(kid="new", number=1)]
    clock.now += 11
    assert checked.verify(make_key(kid="new", number=1).sign()) == GOOD
    assert key_server.fetches == 2
    assert refusal(checked, make_key(kid="old").sign()) == "token-invalid", "what was taken out is no longer good"


def test_unknown_names_make_at_most_one_fetch_in_ten_seconds(key_server: KeyServer, clock: Clock) -> None:
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    checked.verify(make_key().sign())
    for second in range(30):
        clock.now += 1
        refusal(checked, make_key(kid=f"unknown-{second}").sign())
    assert key_server.fetches == 1 + 3
    assert checked.verify(make_key().sign()) == GOOD


def test_keys_are_fetched_anew_every_five_minutes(key_server: KeyServer, clock: Clock) -> None:
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    checked.verify(make_key().sign())
    clock.now += 299
    checked.verify(make_key().sign())
    assert key_server.fetches == 1
    key_server.keys = [make_key(number=1)]
    clock.now += 2
    checked.verify(make_key().sign())
    wait_until(lambda: is_refused(checked, make_key().sign()))
    assert key_server.fetches == 2


def test_a_token_is_checked_once_while_its_keys_are_fresh(
    key_server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    token = make_key().sign()
    checked.verify(make_key().sign(sub="someone else"))
    assert checked.verify(token) == GOOD
    with monkeypatch.context() as patch:
        patch.setattr(tokens.jwt, "decode", lambda *_, **__: pytest.fail("checked again"))
        clock.now += 290
        assert checked.verify(token) == GOOD
    clock.now += 20
    key_server.keys = [make_key(number=1)]
    wait_until(lambda: is_refused(checked, token))


# An answer with this status (0: the connection is closed without one) and body has no keys.
OUTAGES = pytest.mark.parametrize(
    ("status", "body"),
    [
        (0, b""),
        (500, b'{"keys": []}'),
        (404, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"\xff"),
        (200, b"null"),
        (200, b"1"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b"[" * 100_000),
        (200, b'{"keys": 1}'),
        (200, b'{"keys": {}}'),
        (200, b'{"keys": [1, null, {}]}'),
        (200, b'{"keys": [{"kty": 1}]}'),
        (200, b'{"keys": [{"kty": ["RSA"], "alg": ["RS256"]}]}'),
        (200, b'{"keys": [{"kty": "RSA", "n": 1, "e": []}]}'),
        (200, b'{"keys": [{"kty": "EC", "crv": "P-256", "x": {}, "y": null}]}'),
    ],
    ids=lambda value: repr(value)[:40],
)


def break_(server: KeyServer, status: int, body: bytes) -> None:
    server.status, server.answer = status, body


@OUTAGES
def test_keys_that_were_never_had_make_the_service_unavailable(key_server: KeyServer, status: int, body: bytes) -> None:
    break_(key_server, status, body)
    checked = verifier(key_server)
    with pytest.raises(errors.HubError) as error, structlog.testing.capture_logs() as logged:
        checked.verify(make_key().sign())
    assert [(line["log_level"], line["url"]) for line in logged] == [("warning", key_server.url)]
    assert (error.value.code, error.value.headers) == ("unavailable", {"Retry-After": "10"})
    assert checked.verify(factories.token("u", "p")) == GOOD, "tokens of the secret need no keys"


@OUTAGES
def test_known_keys_go_on_through_an_outage(key_server: KeyServer, clock: Clock, status: int, body: bytes) -> None:
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    checked.verify(make_key().sign())
    break_(key_server, status, body)
    clock.now += 3_600
    assert checked.verify(make_key().sign()) == GOOD
    assert refusal(checked, make_key(kid="new").sign()) == "token-invalid"
    end_fetches()
    assert key_server.fetches == 2


def test_an_outage_ends_by_itself(key_server: KeyServer, clock: Clock) -> None:
    break_(key_server, 500, b"")
    checked = verifier(key_server)
    assert refusal(checked, make_key().sign()) == "unavailable"
    key_server.status, key_server.answer, key_server.keys = 200, None, [make_key()]
    clock.now += 5
    assert refusal(checked, make_key().sign()) == "unavailable", "not asked again yet"
    clock.now += 5
    assert checked.verify(make_key().sign()) == GOOD


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_address_that_answers_with_another_is_not_followed(key_server: KeyServer, status: int) -> None:
    with keys.serving() as strange:
        strange.keys = [make_key()]
        key_server.status, key_server.location = status, strange.url
        assert refusal(verifier(key_server), make_key().sign()) == "unavailable"
        assert strange.fetches == 0


def test_an_address_of_another_kind_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [make_key().public()]}))
    for url in (path.as_uri(), f"data:application/json,{path.read_text()}", "ftp://127.0.0.1:1/keys.json"):
        checked = tokens.Verifier(settings.Auth(secret=None, jwks_url=url), lambda _: None)
        assert refusal(checked, make_key().sign()) == "unavailable"


def test_known_keys_go_on_for_a_day_and_no_longer(key_server: KeyServer, clock: Clock) -> None:
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    checked.verify(make_key().sign())
    break_(key_server, 500, b"")
    clock.now += 24 * 3_600 - 60
    assert checked.verify(make_key().sign()) == GOOD
    end_fetches()
    clock.now += 120
    assert refusal(checked, make_key().sign()) == "unavailable", "a withdrawn key must not live for ever"
    key_server.status, key_server.answer = 200, None
    clock.now += 11
    assert checked.verify(make_key().sign()) == GOOD


@pytest.mark.parametrize("padding", ["x" * 300_000, "y" * 50_000_000], ids=["too much", "far too much"])
def test_a_key_set_that_never_ends_is_not_read_to_its_end(key_server: KeyServer, padding: str) -> None:
    key_server.answer = json.dumps({"keys": [make_key().public()], "padding": padding}).encode()
    began_at = time.perf_counter()
    assert refusal(verifier(key_server), make_key().sign()) == "unavailable"
    assert time.perf_counter() - began_at < 1.5


def test_a_key_set_of_more_keys_than_anybody_has_is_refused(key_server: KeyServer) -> None:
    key_server.keys = [make_key(kid=f"k{number}") for number in range(101)]
    assert refusal(verifier(key_server), make_key(kid="k1").sign()) == "unavailable"
    key_server.keys = key_server.keys[:100]
    assert verifier(key_server).verify(make_key(kid="k1").sign()) == GOOD


@pytest.mark.parametrize("drip", [b'{"keys": [', b""], ids=["a body", "a header"])
def test_an_answer_that_comes_byte_by_byte_holds_nobody_for_long(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch, drip: bytes
) -> None:
    monkeypatch.setattr(key_sets, "_FETCH_WITHIN_S", 0.4)
    key_server.drip = drip
    checked = verifier(key_server)
    for _ in range(2):
        began_at = time.perf_counter()
        assert refusal(checked, make_key().sign()) == "unavailable"
        assert time.perf_counter() - began_at < 1.5
    assert key_server.fetches == 1
    assert checked.verify(factories.token("u", "p")) == GOOD


def test_no_name_and_password_of_an_address_stand_in_the_log() -> None:
    url = "http://name:hunter2@127.0.0.1:1/keys.json?x=1"
    checked = tokens.Verifier(settings.Auth(secret=None, jwks_url=url), lambda _: None)
    with structlog.testing.capture_logs() as logged:
        assert refusal(checked, make_key().sign()) == "unavailable"
    assert [line["url"] for line in logged] == ["http://127.0.0.1:1/keys.json?x=1"]


def test_while_keys_hang_whoever_has_an_old_key_does_not_wait(
    key_server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "_FETCH_WITHIN_S", 0.5)
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    token = make_key().sign()
    checked.verify(token)
    clock.now += 3_600
    key_server.hang()
    barrier = threading.Barrier(8)

    def check() -> float:
        barrier.wait(5)
        began_at = time.perf_counter()
        assert checked.verify(token) == GOOD
        return time.perf_counter() - began_at

    with ThreadPoolExecutor(8) as pool:
        took = sorted(future.result() for future in [pool.submit(check) for _ in range(8)])
    assert took[-1] < 0.4, "they are fetched beside"


def test_whoever_comes_while_keys_hang_waits_for_what_is_left_of_their_time(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "_FETCH_WITHIN_S", 0.3)
    key_server.drip = b""
    checked = verifier(key_server)
    assert refusal(checked, make_key().sign()) == "unavailable"
    began_at = time.perf_counter()
    for number in range(20):
        assert refusal(checked, make_key(kid=f"made-up-{number}").sign()) == "unavailable"
    assert time.perf_counter() - began_at < 1.5, "somebody's keys hang on, and nobody waits for them any more"
    assert key_server.fetches == 1


@pytest.mark.parametrize("has_keys", [False, True], ids=["no keys", "known keys, unknown names"])
def test_keys_that_hang_hold_one_request_of_each_issuer(
    key_server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, has_keys: bool
) -> None:
    """Issue 11, number 2: the threads of a process are for the requests of others."""
    monkeypatch.setattr(key_sets, "_FETCH_WITHIN_S", 2.5)
    with keys.serving() as other:
        checked = verifier(key_server, p=store.Issuer("https://issuer.example", other.url))
        if has_keys:
            key_server.keys = other.keys = [make_key()]
            assert checked.verify(make_key().sign(platform="q")).platform == "q"
            checked.verify(make_key().sign(iss="https://issuer.example"))
            clock.now += 11
        key_server.hang()
        other.hang()
        tokens_ = [make_key(kid=f"new-{n}").sign(platform="pq"[n % 2]) for n in range(16)]
        barrier = threading.Barrier(len(tokens_))

        def check(token: str) -> float:
            barrier.wait(5)
            began_at = time.perf_counter()
            assert refusal(checked, token) == ("token-invalid" if has_keys else "unavailable")
            return time.perf_counter() - began_at

        with ThreadPoolExecutor(len(tokens_)) as pool:
            took = sorted(pool.map(check, tokens_))
        other.go_on.set()
    assert took[-3] < 1.5, "the others are answered from what is known"
    assert took[-2] > 2, "one of each issuer waits for what may come"


def test_many_threads_at_the_start_make_one_fetch(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "_OTHERS_WAIT_S", key_sets._FETCH_WITHIN_S)
    key_server.keys = [make_key()]
    checked = verifier(key_server)
    token = make_key().sign()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: checked.verify(token), range(16))) == {GOOD}
    assert key_server.fetches == 1


@pytest.mark.parametrize(
    ("status", "why"), [(404, "HTTP 404"), (503, "HTTP 503"), (301, "HTTP 301"), (200, "JSONDecodeError")]
)
def test_the_log_says_why_keys_could_not_be_fetched(key_server: KeyServer, status: int, why: str) -> None:
    break_(key_server, status, b"<html>")
    with structlog.testing.capture_logs() as logged:
        assert refusal(verifier(key_server), make_key().sign()) == "unavailable"
    assert [line["reason"] for line in logged] == [why]


def test_the_hub_names_itself_to_a_key_server(key_server: KeyServer) -> None:
    key_server.keys = [make_key()]
    verifier(key_server).verify(make_key().sign())
    assert key_server.agent == f"message-hub/{VERSION}"
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
