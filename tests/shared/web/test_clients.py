"""From which address a request comes, and whom that is believed."""

import ipaddress

import pytest

from shared.web import clients

PROXY, INNER, CLIENT = "10.0.0.5", "10.0.0.6", "192.0.2.1"
TRUSTED = (ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        (CLIENT, "", CLIENT),
        (PROXY, "", PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f" {CLIENT} ", CLIENT),
        (PROXY, f"{CLIENT}, {INNER}", CLIENT),
        (PROXY, f"203.0.113.9, {CLIENT}", CLIENT),  # what the client itself wrote before
        (PROXY, f"203.0.113.9, {CLIENT}, {INNER}", CLIENT),
        (CLIENT, "203.0.113.9", CLIENT),  # past the proxy
        (PROXY, f"{INNER}, {INNER}", INNER),
        (PROXY, f"{CLIENT}:1234", CLIENT),
        (PROXY, "[2001:db8::1]:1234", "2001:db8::1"),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("2001:db8:1::1", CLIENT, CLIENT),
        ("fe80::1%eth0", "", "fe80::1"),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CLIENT}, unknown", PROXY),
        (PROXY, ",,,", PROXY),
        (PROXY, "x\r\ny", PROXY),
        (PROXY, ",".join([CLIENT] + [INNER] * 1_000), INNER),
        ("", CLIENT, None),
        ("somewhere", CLIENT, None),
    ],
)
def test_an_address_is_believed_as_far_as_trusted_proxies_wrote_it(
    peer: str, forwarded: str, found: str | None
) -> None:
    assert clients.find(peer, forwarded, trusted=TRUSTED) == found


@pytest.mark.parametrize("forwarded", ["", CLIENT, f"{CLIENT}, {PROXY}", PROXY])
def test_without_trusted_proxies_only_the_peer_counts(forwarded: str) -> None:
    assert clients.find(PROXY, forwarded, trusted=()) == PROXY
