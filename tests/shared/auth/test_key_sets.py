"""Tokens signed with a key: which key may have signed one, how keys are fetched, and what happens when they cannot be."""

import json
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.utils import base64url_encode

from shared import VERSION, errors, settings
from shared.auth import key_sets, store, tokens
from tests import factories
from tests.shared.auth import keys
from tests.shared.auth.keys import KeyServer, make_key, refusal, verifier
from tests.waiting import wait_until

GOOD = tokens.Identity(platform="p", user="u", issuer=None)


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


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_a_token_signed_with_a_key_of_the_set_is_good(key_server: KeyServer, algorithm: str) -> None:
    others = [make_key(other, f"other-{other}", number=1) for other in keys.ALGORITHMS]
    key_server.keys = [*others, make_key(algorithm)]
    checked = verifier(key_server)
    for _ in range(3):
        assert checked.verify(make_key(algorithm).sign()) == GOOD
    assert key_server.fetches == 1


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_another_key_under_the_same_name_is_refused(key_server: KeyServer, algorithm: str) -> None:
    key_server.keys = [make_key(algorithm)]
    assert refusal(verifier(key_server), make_key(algorithm, number=1).sign()) == "token-invalid"


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
@pytest.mark.parametrize(
    "claims", [{"aud": "other"}, {"exp": None}, {"sub": None}, {"platform": None}, {"sub": 1}, {"aud": None}], ids=repr
)
def test_claims_are_checked_as_in_any_other_token(
    key_server: KeyServer, algorithm: str, claims: dict[str, Any]
) -> None:
    key_server.keys = [make_key(algorithm)]
    assert refusal(verifier(key_server), make_key(algorithm).sign(**claims)) == "token-invalid"


def test_an_expired_token_is_told_so(key_server: KeyServer) -> None:
    key_server.keys = [make_key()]
    assert refusal(verifier(key_server), make_key().sign(exp=int(time.time()) - 60)) == "token-expired"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_public_key_is_no_secret(key_server: KeyServer, algorithm: str) -> None:
    key = make_key(algorithm)
    key_server.keys = [key]
    checked = verifier(key_server)
    for material in (key.public_pem(), key.public_pem().rstrip(), str(key.public()["kid"]).encode()):
        content = b".".join(
            base64url_encode(part) for part in (b'{"alg":"HS256","kid":"k"}', json.dumps(keys.good_claims()).encode())
        )
        algorithm_ = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        token = b".".join([content, base64url_encode(algorithm_.sign(content, material))]).decode()
        assert refusal(checked, token) == "token-invalid"
    assert key_server.fetches == 0, "a secret's algorithm never looks at keys"


def test_the_secret_is_no_key(key_server: KeyServer) -> None:
    """An `oct` key in the set, as if somebody had published the secret, still signs nothing."""
    secret = base64url_encode(factories.SECRET.encode()).decode()
    key_server.answer = f'{{"keys": [{{"kty": "oct", "kid": "k", "k": "{secret}"}}]}}'.encode()
    assert refusal(verifier(key_server), make_key().sign()) == "token-invalid"


@pytest.mark.parametrize("kid", ["", "../../etc/passwd", "k\0", "k' OR 1=1", "http://127.0.0.1/k", "K", "k ", "é"])
def test_a_name_that_no_key_has_is_refused(key_server: KeyServer, kid: str) -> None:
    key_server.keys = [make_key()]
    assert refusal(verifier(key_server), make_key().sign(headers={"kid": kid})) == "token-invalid"


@pytest.mark.parametrize("headers", [{"jku": "http://127.0.0.1:1/"}, {"x5u": "http://127.0.0.1:1/"}])
def test_an_address_in_the_token_is_never_followed(key_server: KeyServer, headers: dict[str, Any]) -> None:
    key_server.keys = [make_key()]
    with keys.serving() as strange:
        strange.keys = [make_key(number=1)]
        token = make_key(number=1).sign(headers=dict.fromkeys(headers, strange.url))
        assert refusal(verifier(key_server), token) == "token-invalid"
        assert strange.fetches == 0


def test_a_key_in_the_token_is_never_used(key_server: KeyServer) -> None:
    key_server.keys = [make_key()]
    strange = make_key(number=1)
    assert refusal(verifier(key_server), strange.sign(headers={"jwk": strange.public()})) == "token-invalid"


def test_a_token_without_a_name_is_good_where_one_key_fits(key_server: KeyServer) -> None:
    key_server.keys = [make_key("RS256", "r"), make_key("ES256", "e")]
    assert verifier(key_server).verify(make_key("ES256", None).sign()) == GOOD


def test_a_token_without_a_name_is_refused_where_several_keys_fit(key_server: KeyServer) -> None:
    key_server.keys = [make_key("ES256", "e"), make_key("ES256", "f", number=1)]
    with pytest.raises(errors.HubError, match="names no key \\(kid\\), and the key set has several") as error:
        verifier(key_server).verify(make_key("ES256", None).sign())
    assert error.value.code == "token-invalid"


def test_a_key_that_is_listed_twice_is_refused_for_that_reason(key_server: KeyServer) -> None:
    key_server.keys = [make_key(), make_key(number=1)]
    with pytest.raises(errors.HubError, match="is in the key set more than once"):
        verifier(key_server).verify(make_key().sign())


def test_two_keys_of_one_name_are_told_apart_by_algorithm(key_server: KeyServer) -> None:
    key_server.keys = [make_key("RS256"), make_key("ES256")]
    assert verifier(key_server).verify(make_key("ES256").sign()) == GOOD


@pytest.mark.parametrize("use", ["enc", "other", ""])
def test_a_key_for_another_use_is_ignored(key_server: KeyServer, use: str) -> None:
    key_server.keys = [make_key(use=use), make_key("RS256", "r")]
    assert refusal(verifier(key_server), make_key().sign()) == "token-invalid"
    key_server.keys = [make_key(use=use)]
    assert refusal(verifier(key_server), make_key().sign()) == "token-invalid"


@pytest.mark.parametrize("use", ["sig", None])
def test_a_key_for_signatures_or_of_no_stated_use_counts(key_server: KeyServer, use: str | None) -> None:
    key_server.keys = [make_key(use=use)]
    assert verifier(key_server).verify(make_key().sign()) == GOOD


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


def test_a_weak_key_signs_nothing(key_server: KeyServer) -> None:
    weak = keys.Key(rsa.generate_private_key(public_exponent=65537, key_size=1024), "RS256", "k")
    key_server.keys = [weak, make_key("RS256", "strong")]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = weak.sign()
    checked = verifier(key_server)
    assert refusal(checked, token) == "token-invalid"
    assert checked.verify(make_key("RS256", "strong").sign()) == GOOD


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_a_private_key_that_was_published_signs_nothing(key_server: KeyServer, algorithm: str) -> None:
    """Whoever read it could sign for anybody."""
    kinds: dict[str, Any] = {
        "RS256": jwt.algorithms.RSAAlgorithm,
        "ES256": jwt.algorithms.ECAlgorithm,
        "EdDSA": jwt.algorithms.OKPAlgorithm,
    }
    private = kinds[algorithm].to_jwk(make_key(algorithm).private, as_dict=True)
    public = [make_key(other, f"other-{other}").public() for other in keys.ALGORITHMS]
    key_server.answer = json.dumps({"keys": [{**private, "kid": "k", "alg": algorithm}, *public]}).encode()
    checked = verifier(key_server)
    assert refusal(checked, make_key(algorithm).sign()) == "token-invalid"
    assert checked.verify(make_key(algorithm, f"other-{algorithm}").sign()) == GOOD


@pytest.mark.parametrize("claimed", keys.ALGORITHMS)
@pytest.mark.parametrize("real", keys.ALGORITHMS)
def test_a_key_is_used_for_its_own_algorithm_only(key_server: KeyServer, claimed: str, real: str) -> None:
    """The header names a key of another kind, or the key set calls a key what it is not."""
    key_server.keys = [make_key(real)]
    parts = make_key(real).sign().split(".")
    header = base64url_encode(json.dumps({"alg": claimed, "kid": "k"}).encode()).decode()
    good = claimed == real
    renamed = ".".join([header, *parts[1:]])
    assert refusal(verifier(key_server), renamed) == "token-invalid", "another header, or the same written differently"
    key_server.answer = json.dumps({"keys": [{**make_key(real).public(), "alg": claimed}]}).encode()
    checked = verifier(key_server)
    if good:
        assert checked.verify(make_key(real).sign()) == GOOD
    else:
        assert refusal(checked, make_key(real).sign()) in ("token-invalid", "unavailable")
        assert refusal(checked, renamed) in ("token-invalid", "unavailable")


def test_a_curve_that_does_not_belong_to_the_algorithm_is_refused(key_server: KeyServer) -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    public = {**jwt.algorithms.ECAlgorithm.to_jwk(other.public_key(), as_dict=True), "kid": "k", "alg": "ES256"}
    key_server.answer = json.dumps({"keys": [public, make_key("RS256", "r").public()]}).encode()
    content = b".".join(
        base64url_encode(part) for part in (b'{"alg":"ES256","kid":"k"}', json.dumps(keys.good_claims()).encode())
    )
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(content, other)
    token = b".".join([content, base64url_encode(signature)]).decode()
    assert refusal(verifier(key_server), token) in ("token-invalid", "unavailable")


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
