"""A message that is in flight, or written: what a user can do is the same."""

import pytest

from tests import factories
from tests.inbox_api.hub import Hub, Sent


def in_flight(hub: Hub, sender: factories.User, platform: factories.Platform) -> Sent:
    return hub.send(sender, platform)


def written(hub: Hub, sender: factories.User, platform: factories.Platform) -> Sent:
    return hub.deliver(sender, platform)


both = pytest.mark.parametrize("make", [in_flight, written], ids=["in flight", "written"])
