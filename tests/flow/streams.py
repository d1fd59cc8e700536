"""A stream of a user of a test; see `drills.streams`."""

import contextlib
from collections.abc import Iterator

from drills.streams import Client
from tests import factories

__all__ = ["Client", "opened"]


@contextlib.contextmanager
def opened(url: str, who: factories.User, of: factories.Platform, last_event_id: str | None = None) -> Iterator[Client]:
    """A stream that is live until the block ends."""
    client = Client(url, factories.bearer(who, of), last_event_id)
    try:
        assert client.status == 200, client.code
        client.wait("ready")
        yield client
    finally:
        client.close()
