"""A platform with an issuer of its own accepts that issuer's keys and no others."""

import pytest

from shared.auth import store, tokens
from tests.shared.auth import keys
from tests.shared.auth.keys import KeyServer, make_key, refusal, verifier

ISSUER = "https://issuer.example"


def test_a_platform_with_its_own_issuer_accepts_that_issuers_keys(key_server: KeyServer) -> None:
    key_server.keys = [make_key()]
    checked = verifier(None, p=store.Issuer(ISSUER, key_server.url))
    assert checked.verify(make_key().sign(iss=ISSUER)) == tokens.Identity("p", "u", ISSUER)


@pytest.mark.parametrize("issuer", [None, "https://other.example", ISSUER + "/", ""])
def test_its_keys_with_another_issuers_name_are_refused(key_server: KeyServer, issuer: str | None) -> None:
    key_server.keys = [make_key()]
    checked = verifier(None, p=store.Issuer(ISSUER, key_server.url))
    assert refusal(checked, make_key().sign(iss=issuer)) == "token-invalid"


def test_the_hubs_own_keys_are_refused_there_and_its_keys_elsewhere(key_server: KeyServer) -> None:
    ours, theirs = make_key(kid="ours"), make_key(kid="theirs", number=1)
    key_server.keys = [theirs]
    with keys.serving() as hub_keys:
        hub_keys.keys = [ours]
        checked = verifier(hub_keys, p=store.Issuer(ISSUER, key_server.url))
        assert refusal(checked, ours.sign(iss=ISSUER)) == "token-invalid"
        assert checked.verify(ours.sign(platform="q")) == tokens.Identity("q", "u", None)
        assert checked.verify(ours.sign(platform="q")).authentication == tokens.KEY_SET
        assert checked.verify(theirs.sign(iss=ISSUER)).authentication == ISSUER
        assert refusal(checked, theirs.sign(platform="q", iss=ISSUER)) == "token-invalid"


def test_two_issuers_do_not_sign_for_each_other(key_server: KeyServer) -> None:
    key_server.keys = [make_key(number=1)]
    with keys.serving() as second:
        second.keys = [make_key(number=2)]
        checked = verifier(None, p=store.Issuer(ISSUER, key_server.url), q=store.Issuer("https://q", second.url))
        assert checked.verify(make_key(number=2).sign(platform="q", iss="https://q")).issuer == "https://q"
        assert refusal(checked, make_key(number=2).sign(platform="p", iss=ISSUER)) == "token-invalid"
        assert refusal(checked, make_key(number=1).sign(platform="q", iss="https://q")) == "token-invalid"


def test_keys_are_not_accepted_where_there_is_no_address_of_them() -> None:
    assert refusal(verifier(None), make_key().sign()) == "token-invalid"
