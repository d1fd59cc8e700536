"""What compose_api publishes to the live streams."""

import contextlib
import time
import uuid

import redis

from shared import contracts
from tests.compose_api.hub import Hub, World


def changed(world: World) -> contracts.PlatformChanged:
    return contracts.PlatformChanged(platform_id=world.platform.id)


def test_an_accepted_message_and_its_recall_publish_a_change_notice(hub: Hub, world: World) -> None:
    message = hub.sent(world["platform administrator"])
    assert hub.change_notices == [changed(world)]
    hub.recall(world["platform administrator"], message["id"])
    assert hub.change_notices == [changed(world)] * 2


def test_what_changes_nothing_publishes_none(hub: Hub, world: World) -> None:
    administrator = world["platform administrator"]
    message = hub.sent(administrator, key="once")
    recalled = hub.sent(administrator)
    hub.recall(administrator, recalled["id"])
    hub.change_notices.clear()
    assert hub.sent(administrator, key="once")["id"] == message["id"]
    hub.send(administrator, {"everyone": False})
    hub.send(world["member"])
    hub.recall(administrator, str(uuid.uuid4()))
    assert hub.recall(administrator, recalled["id"]).status_code == 200
    assert hub.change_notices == []


def test_a_change_notice_carries_ids_and_numbers_only_and_is_read_as_it_was_written(redis_url: str) -> None:
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
