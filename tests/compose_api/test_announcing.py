"""What compose_api announces to whoever has streams open."""

import contextlib
import time
import uuid

import redis

from shared import contracts
from tests.compose_api.hub import Hub, World


def changed(world: World) -> contracts.PlatformChanged:
    return contracts.PlatformChanged(platform_id=world.platform.id)


def test_an_accepted_message_and_its_recall_are_announced(hub: Hub, world: World) -> None:
    message = hub.sent(world["platform administrator"])
    assert hub.announced == [changed(world)]
    hub.recall(world["platform administrator"], message["id"])
    assert hub.announced == [changed(world)] * 2


def test_what_changes_nothing_is_not_announced(hub: Hub, world: World) -> None:
    administrator = world["platform administrator"]
    hub.sent(administrator, key="once")
    hub.announced.clear()
    hub.sent(administrator, key="once")
    hub.send(administrator, {"everyone": False})
    hub.send(world["member"])
    hub.recall(administrator, str(uuid.uuid4()))
    assert hub.announced == []


def test_an_announcement_carries_ids_and_numbers_only_and_is_read_as_it_was_written(redis_url: str) -> None:
    change = contracts.PlatformChanged(platform_id=7)
    assert change.write() == '{"platform_id": 7, "version": 1}'
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client, client.pubsub() as heard:
        heard.subscribe(change.channel)
        deadline = time.monotonic() + 5
        while heard.get_message(timeout=1) is None:
            assert time.monotonic() < deadline
        client.publish(change.channel, change.write())
        message = heard.get_message(timeout=5)
        assert message is not None
        assert contracts.PlatformChanged.read(message["data"]) == change
