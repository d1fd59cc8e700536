"""Tokens signed with the hub's secret: what a claim must be, and what is refused whoever signed it."""

import base64
import datetime
import hmac
import json
import re
import time
from typing import Any

import jwt
import pytest

from shared import errors, settings
from shared.auth import store, tokens
from tests import factories
from tests.shared.auth import keys

SECRET = factories.SECRET
EXPECTED = {
    "sub": "1 to 255 characters without controls",
    "platform": "1 to 255 characters without controls",
    "aud": "message-hub, or a list of strings with it",
    "exp": "a time in seconds since 1970, at most ten years ahead",
    "nbf": "a time in seconds since 1970",
    "iat": "a time in seconds since 1970",
}


def verifier(*, secret: str | None = SECRET, jwks_url: str | None = None) -> tokens.Verifier:
    return tokens.Verifier(settings.Auth(secret=secret, jwks_url=jwks_url), lambda _platform: store.Issuer(None, None))


def signed(*, secret: str = SECRET, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode(keys.good_claims(**claims), secret, algorithm="HS256", headers=headers)


def signed_with(claims: dict[str, Any]) -> str:
    """With exactly these claims: PyJWT's encoder would convert or refuse some."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")


def encoded(header: object, claims: object, signature: bytes = b"x") -> str:
    """A token of any header and claims, with a signature that is not one."""
    parts = [json.dumps(part).encode() if not isinstance(part, bytes) else part for part in (header, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def refusal(token: str, of: tokens.Verifier | None = None) -> errors.HubError:
    with pytest.raises(errors.HubError) as error:
        (of or verifier()).verify(token)
    assert len(token) < 10 or token not in error.value.detail
    assert SECRET not in error.value.detail
    assert not re.search(r"sys\.|codec|recursion|unicode|column|convert", error.value.detail), (
        "Python's words are for nobody"
    )
    return error.value


def test_a_good_token_names_platform_and_user() -> None:
    assert verifier().verify(signed()) == tokens.Identity(platform="p", user="u", issuer=None)


def test_a_user_in_another_normal_form_is_the_one_that_the_directory_has() -> None:
    assert verifier().verify(signed(sub="rene\u0301")).user == "ren\u00e9"


def test_a_good_token_of_more_than_16384_characters_is_refused() -> None:
    assert len(fits := signed(padding="x" * 12_000)) < 16_384 < len(longer := signed(padding="x" * 12_300))
    assert verifier().verify(fits) == tokens.Identity(platform="p", user="u", issuer=None)
    assert refusal(longer).code == "token-invalid"


@pytest.mark.parametrize("claims", [{"aud": ["other", "message-hub"]}, {"iss": "anyone"}, {"role": "administrator"}])
def test_claims_that_do_not_matter_do_not_matter(claims: dict[str, Any]) -> None:
    assert verifier().verify(signed(**claims)) == tokens.Identity(platform="p", user="u", issuer=None)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        ".",
        "..",
        "...",
        "a.b.c",
        "a" * 100_000,
        "é.ü.ß",
        "\ud800",
        ".".join(["e30"] * 3),
        encoded({}, {}),
        encoded([], {}),
        encoded("HS256", {}),
        encoded({"alg": None}, {}),
        encoded({"alg": ["HS256"]}, {}),
        encoded({"alg": {}}, {}),
        encoded({"alg": "HS256"}, b"[" * 100_000),
        encoded(b"[" * 100_000, {}),
        encoded(b'{"alg": "HS256", "alg": "none"}', {}),
        encoded({"alg": "HS256", "crit": ["x"]}, {}),
        encoded({"alg": "HS256", "kid": ["x"]}, {}),
        encoded(b"\xff\xfe", {}),
    ],
    ids=lambda token: token[:24].encode("ascii", "backslashreplace").decode(),
)
def test_garbage_is_refused(token: str) -> None:
    assert refusal(token).code == "token-invalid"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "PS256", "ES512", "hs256", ""])
def test_any_other_algorithm_is_refused_here(algorithm: str) -> None:
    assert refusal(encoded({"alg": algorithm, "typ": "JWT"}, keys.good_claims())).code == "token-invalid"
    assert refusal(encoded({"alg": algorithm}, keys.good_claims(), b"")).code == "token-invalid"


@pytest.mark.parametrize("secret", ["x" * 40, SECRET + "x", SECRET[:-1], " " * 32])
def test_another_secret_is_refused(secret: str) -> None:
    assert refusal(signed(secret=secret)).code == "token-invalid"


def test_a_token_that_was_good_is_still_refused_once_it_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    checker, token = verifier(), signed(exp=int(time.time()) + 60)
    assert checker.verify(token) == checker.verify(token)
    later = time.time() + 60 + tokens.LEEWAY_S + 1
    monkeypatch.setattr(tokens.time, "time", lambda: later)
    monkeypatch.setattr(jwt.api_jwt, "datetime", _Clock(later))
    assert refusal(token, checker).code == "token-expired"


def test_what_is_remembered_is_the_token_to_the_letter() -> None:
    checker, token = verifier(), signed()
    checker.verify(token)
    assert refusal(token + "x", checker).code == "token-invalid"
    assert refusal(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), checker).code == "token-invalid"


def test_no_more_is_remembered_than_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_REMEMBERED", 3)
    checker = verifier()
    for number in range(10):
        checker.verify(signed(sub=f"u{number}"))
        assert len(checker._verified) <= 3
    checker.verify(signed(more="x" * 3_000))
    assert all(len(token) < 3_000 for token in checker._verified)


class _Clock:
    """Stands in for `datetime` in the library, at a later time."""

    def __init__(self, at: float) -> None:
        self._at = at

    def now(self, tz: datetime.tzinfo) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._at, tz)


def test_a_changed_token_is_refused() -> None:
    header, claims, signature = signed().split(".")
    other = base64.urlsafe_b64encode(json.dumps(keys.good_claims(sub="v")).encode()).rstrip(b"=").decode()
    assert refusal(f"{header}.{other}.{signature}").code == "token-invalid"
    assert refusal(f"{header}.{claims}.").code == "token-invalid"


def test_a_secret_is_refused_where_there_is_none() -> None:
    assert refusal(signed(), verifier(secret=None)).code == "token-invalid"
    assert refusal(signed(), verifier(secret=None, jwks_url="http://127.0.0.1:1")).code == "token-invalid"


@pytest.mark.parametrize(("ago", "is_good"), [(-60, True), (0, True), (25, True), (35, False), (86_400, False)])
def test_a_token_is_good_for_half_a_minute_after_its_time(ago: int, is_good: bool) -> None:
    token = signed(exp=int(time.time()) - ago)
    if is_good:
        verifier().verify(token)
    else:
        assert refusal(token).code == "token-expired"


@pytest.mark.parametrize(
    ("claim", "ahead", "is_good"), [("nbf", 25, True), ("nbf", 60, False), ("iat", 25, True), ("iat", 60, False)]
)
def test_a_token_is_good_half_a_minute_before_its_time(claim: str, ahead: int, is_good: bool) -> None:
    token = signed(**{claim: int(time.time()) + ahead})
    if is_good:
        verifier().verify(token)
    else:
        assert refusal(token).code == "token-invalid"


@pytest.mark.parametrize("claim", ["exp", "sub", "platform", "aud"])
def test_a_token_without_one_of_its_claims_is_refused_and_the_claim_is_named(claim: str) -> None:
    error = refusal(signed(**{claim: None}))
    assert error.code == "token-invalid"
    assert claim in error.detail


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *[
            ("aud", value)
            for value in ("", "other", "message-hub ", "Message-Hub", [], ["other"], 1, {"message-hub": 1})
        ],
        *[
            (claim, value)
            for claim in ("exp", "nbf", "iat")
            for value in ("", "soon", "1", [], {}, True, False, "1e999")
        ],
        ("exp", 2**53),
        ("exp", 4_102_444_800),  # the year 2100
        ("aud", ["message-hub", 1]),
        *[(claim, value) for claim in ("sub", "platform") for value in (1, True, [], ["u"], {}, "")],
        *[
            (claim, value)
            for claim in ("sub", "platform")
            for value in ("\0", "u\0", "a\nb", "\ud800", "\x85", "a" * 256)
        ],
    ],
    ids=repr,
)
def test_a_claim_of_another_shape_is_refused_and_the_error_says_what_is_expected(claim: str, value: Any) -> None:
    error = refusal(signed_with({**keys.good_claims(), claim: value}))
    assert (error.code, error.detail) == (
        "token-invalid",
        f"The token was refused: its claim {claim} must be {EXPECTED[claim]}.",
    )


@pytest.mark.parametrize("claim", ["exp", "sub", "platform", "aud", "nbf", "iat"])
def test_null_is_no_claim(claim: str) -> None:
    error = refusal(signed_with({**keys.good_claims(), claim: None}))
    assert error.detail == f"The token was refused: its claim {claim} must be {EXPECTED[claim]}."


@pytest.mark.parametrize("end", ["99999999999", 10**400, 1e300, 2**53])
def test_an_end_that_no_clock_knows_is_refused_in_words_of_ours(end: object) -> None:
    assert refusal(signed(exp=end)).detail == f"The token was refused: its claim exp must be {EXPECTED['exp']}."


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1"]
)
def test_a_token_that_is_not_utf_8_is_refused(encoding: str) -> None:
    """Signed with the right secret, and still."""
    payload = json.dumps(keys.good_claims(sub="ü"), ensure_ascii=False).encode(encoding)
    header = json.dumps({"alg": "HS256", "x": "ü"}, ensure_ascii=False).encode(encoding)
    good = json.dumps(keys.good_claims()).encode()
    for head, claims in ((b'{"alg":"HS256"}', payload), (header, good)):
        content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, claims))
        signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), content, "sha256")).rstrip(b"=")
        error = refusal((content + b"." + signature).decode())
        assert (error.code, "UTF-8" in error.detail) == ("token-invalid", True)


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", "-1e999", "9" * 5000], ids=lambda number: number[:9])
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_a_time_beyond_sense_is_refused(claim: str, number: str) -> None:
    claims = json.dumps({**keys.good_claims(), claim: 123_456_789_000}).replace("123456789000", number).encode()
    token = jwt.api_jws.encode(claims, SECRET, algorithm="HS256")
    assert refusal(token).code in ("token-invalid", "token-expired")


def test_claims_that_are_no_object_are_refused() -> None:
    for claims in (b"[]", b'"u"', b"1", b"null", b"", b"{", b"\xff", b"[" * 100_000):
        assert refusal(jwt.api_jws.encode(claims, SECRET, algorithm="HS256")).code == "token-invalid"


def test_a_large_token_is_good_and_a_huge_one_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier().verify(signed(extra="x" * 11_000))
    huge = signed(extra="x" * 1_000_000)
    monkeypatch.setattr(tokens.jwt, "get_unverified_header", lambda _: pytest.fail("read"))
    assert refusal(huge).code == "token-invalid"


def test_the_longest_ids_are_accepted() -> None:
    found = verifier().verify(signed(sub="é" * 255))
    assert found.user == "é" * 255


@pytest.mark.parametrize(
    "headers",
    [
        {"crit": ["x"], "x": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": "x"},
        {"b64": False},
        {"zip": "DEF"},
    ],
    ids=repr,
)
def test_what_a_header_calls_critical_is_understood_or_the_token_refused(headers: dict[str, Any]) -> None:
    """Signed with the right secret, and still."""
    claims = json.dumps(keys.good_claims()).encode()
    parts = [base64.urlsafe_b64encode(json.dumps({"alg": "HS256", **headers}).encode()).rstrip(b"=")]
    parts.append(claims if headers.get("b64") is False else base64.urlsafe_b64encode(claims).rstrip(b"="))
    signature = hmac.digest(SECRET.encode(), b".".join(parts), "sha256")
    token = b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    if headers == {"zip": "DEF"}:  # not compressed, whatever it says
        assert verifier().verify(token).user == "u"
    else:
        assert refusal(token).code == "token-invalid"


@pytest.mark.parametrize("kid", ["../../dev/null", "/dev/null", "x' UNION SELECT 'k", "|id", "\0", "x" * 5_000, ""])
def test_the_name_of_a_key_does_not_choose_the_secret(kid: str) -> None:
    assert verifier().verify(signed(headers={"kid": kid})).user == "u", "there is one secret, and names do not matter"
    for secret in ("", "\0", "k", kid):
        content = signed(headers={"kid": kid}).rpartition(".")[0].encode()
        forged = hmac.digest(secret.encode(), content, "sha256")
        token = b".".join([content, base64.urlsafe_b64encode(forged).rstrip(b"=")]).decode()
        assert refusal(token).code == "token-invalid"


def test_a_claim_given_twice_is_read_the_same_everywhere() -> None:
    """The last one counts, for the issuer that is looked up as for the identity that comes out."""
    claims = json.dumps(keys.good_claims())[:-1] + ', "platform": "q", "sub": "v"}'
    token = jwt.api_jws.encode(claims.encode(), SECRET, algorithm="HS256")
    assert verifier().verify(token) == tokens.Identity(platform="q", user="v", issuer=None)


@pytest.mark.parametrize("change", ["pad", "space", "newline", "urlsafe"])
def test_a_token_is_one_text(change: str) -> None:
    """What means the same to a lenient decoder is not the same token."""
    token = signed()
    head, _, signature = token.rpartition(".")
    changed = {
        "pad": f"{token}=",
        "space": f"{head} .{signature}",
        "newline": f"{head}.\n{signature}",
        "urlsafe": f"{head}.{signature[:10]}+/{signature[12:]}",
    }[change]
    assert refusal(changed).code == "token-invalid"
