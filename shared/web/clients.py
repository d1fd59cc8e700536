"""From which address a request comes: the peer's own, or the one that trusted proxies tell (HUB_TRUSTED_PROXIES; none by default).

Anybody can send X-Forwarded-For, so it is believed only as far as the addresses in it were written by proxies that are named.
Nothing is decided by it: it goes to the log and the audit trail.
"""

import ipaddress

import flask

from shared import settings

Network = settings.Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_EXTENSION = "hub_trusted_proxies"
# More proxies than anybody has one behind the other.
_HOPS = 16


def register(app: flask.Flask, *, trusted: tuple[Network, ...]) -> None:
    app.extensions[_EXTENSION] = trusted


def address() -> str | None:
    """The address of whoever sent the request being served; None where there is none (a Unix socket)."""
    return find(
        flask.request.environ.get("REMOTE_ADDR", ""),
        flask.request.headers.get("X-Forwarded-For", ""),
        trusted=flask.current_app.extensions[_EXTENSION],
    )


def find(peer: str, forwarded: str, *, trusted: tuple[Network, ...]) -> str | None:
    """Goes back from `peer` through `forwarded`, as X-Forwarded-For has it, while the address at hand is a trusted proxy's."""
    found = _read(peer)
    if found is None or not trusted:
        return None if found is None else str(found)
    for hop in reversed(forwarded.rsplit(",", _HOPS)[-_HOPS:]):
        before = _read(hop)
        if before is None or not any(found in network for network in trusted):
            break
        found = before
    return str(found)


def _read(text: str) -> _Address | None:
    """An address, without the port that some proxies write behind it and without the name of an interface."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
