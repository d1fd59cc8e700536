"""Tokens signed with a key: which key may have signed one."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.utils import base64url_encode

from shared import errors
from tests import factories
from tests.shared.auth import keys
from tests.shared.auth.keys import GOOD, KeyServer, make_key, refusal, verifier


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
