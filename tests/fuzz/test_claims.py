"""Tokens that are signed with the right key and say strange things: let in as the person they name, or refused with 401."""

import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import examples, factories
from tests.apis import Apis
from tests.fuzz import strategies
from tests.fuzz.test_requests import problem

PATHS = ["/v1/notifications", "/v1/notifications/stream", "/v1/audiences"]
_NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.sampled_from([0, 2**31, 2**63, 10**18, 10**308, 10**400, 1e18, 1e308, float("inf"), float("nan"), -1, 0.5]),
)
# Changes to the claims of a good token; None leaves a claim out.
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "sub": strategies.ANY_JSON,
        "platform": strategies.ANY_JSON,
        "aud": st.one_of(strategies.ANY_JSON, st.just(["message-hub", "another"])),
        "exp": st.one_of(_NUMBERS, strategies.ANY_JSON),
        "nbf": st.one_of(_NUMBERS, strategies.ANY_JSON),
        "iat": st.one_of(_NUMBERS, strategies.ANY_JSON),
        "iss": strategies.ANY_JSON,
        "jti": strategies.ANY_JSON,
        "role": st.just("administrator"),
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "kid": strategies.ANY_JSON,
        "typ": strategies.ANY_JSON,
        "cty": strategies.ANY_JSON,
        "crit": strategies.ANY_JSON,
        "b64": strategies.TRUTHY,
        "zip": strategies.ANY_JSON,
        "jku": st.just("http://127.0.0.1:1/"),
        "x5u": strategies.ANY_JSON,
    },
)


@examples.settings(40)
@given(claims=CLAIMS, path=st.sampled_from(PATHS))
def test_a_claim_is_what_it_should_be_or_the_token_is_refused(apis: Apis, claims: dict[str, Any], path: str) -> None:
    member = apis.world["administrator of a1"]
    said = {
        "sub": member.user.external_id,
        "platform": member.platform.key,
        "aud": "message-hub",
        "exp": time.time() + 600,
    }
    said.update(claims)
    answer = apis.call("GET", path, headers=_bearer({k: v for k, v in said.items() if v is not None}))
    if answer.status_code != 200:
        problem(answer, "token-invalid", "token-expired")
        return
    assert (said["sub"], said["platform"]) == (member.user.external_id, member.platform.key)
    assert "message-hub" in ([said["aud"]] if isinstance(said["aud"], str) else said["aud"])
    assert type(said["exp"]) in (int, float)
    assert said["exp"] > time.time() - 60
    assert said.get("nbf") is None or float(said["nbf"]) < time.time() + 60


@examples.settings(40)
@given(headers=HEADERS)
def test_what_the_header_of_a_token_says_beside_its_algorithm_opens_nothing(
    apis: Apis, headers: dict[str, Any]
) -> None:
    member = apis.world["member"]
    said = {
        "sub": member.user.external_id,
        "platform": member.platform.key,
        "aud": "message-hub",
        "exp": time.time() + 600,
    }
    answer = apis.call("GET", PATHS[0], headers=_bearer(said, headers))
    if answer.status_code != 200:
        problem(answer, "token-invalid")


@pytest.mark.parametrize("exp", [10**400, 10**308, 2**63, 1e308], ids=["10^400", "10^308", "2^63", "1e308"])
def test_a_token_for_ever_opens_a_stream_or_is_refused(apis: Apis, exp: float) -> None:
    member = apis.world["member"]
    said = {"sub": member.user.external_id, "platform": member.platform.key, "aud": "message-hub", "exp": exp}
    answers = [apis.call("GET", path, headers=_bearer(said)) for path in PATHS[:2]]
    if {answer.status_code for answer in answers} != {200}:
        for answer in answers:
            problem(answer, "token-invalid")


def _bearer(claims: dict[str, Any], headers: dict[str, Any] | None = None) -> dict[str, str]:
    """A token that says exactly this, which a library would look at first."""
    header = json.dumps({"alg": "HS256", "typ": "JWT", **(headers or {})}).encode()
    signed = b".".join(jwt.utils.base64url_encode(part) for part in (header, json.dumps(claims).encode()))
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        signed, factories.SECRET.encode()
    )
    return {"Authorization": f"Bearer {(signed + b'.' + jwt.utils.base64url_encode(signature)).decode()}"}
