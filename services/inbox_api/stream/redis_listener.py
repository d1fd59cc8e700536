"""Listens to the notifications that compose_api publishes through Redis. It reconnects until it is stopped."""

import asyncio
from collections.abc import Callable

import redis.asyncio
import redis.asyncio.client
from redis import backoff
from redis.asyncio import retry

from shared import contracts, logging, redis_client

# A Redis that hangs neither refuses nor answers: after this silence it is sent a ping and has to answer it in the same time.
_SILENCE_S = 3.0
_RETRY_S = 1.0
_logger = logging.get_logger(__name__)


async def listen(url: str, on_change: Callable[[int], None]) -> None:
    """Calls `on_change` with the id of each platform that changed. Until it is cancelled."""
    client = redis.asyncio.Redis.from_url(
        url,
        socket_timeout=redis_client.SOCKET_TIMEOUT_S,
        socket_connect_timeout=redis_client.CONNECT_TIMEOUT_S,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )
    is_subscribed = False
    while True:
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(contracts.PlatformChanged.channel)
                _logger.info("subscribed to Redis")
                is_subscribed = True
                await _read(subscription, on_change)
        except (redis.RedisError, OSError, TimeoutError) as error:
            if is_subscribed:
                _logger.warning("the subscription to Redis was lost", reason=type(error).__name__)
            is_subscribed = False
        await asyncio.sleep(_RETRY_S)


async def _read(subscription: redis.asyncio.client.PubSub, on_change: Callable[[int], None]) -> None:
    """Raises `TimeoutError` when Redis does not answer a ping."""
    was_pinged = False
    while True:
        message = await subscription.get_message(timeout=_SILENCE_S)
        if message is None and was_pinged:
            raise TimeoutError
        if message is None:
            await subscription.ping()
        elif message["type"] == "message":
            change = contracts.PlatformChanged.read(message["data"])
            if change is not None:
                on_change(change.platform_id)
        was_pinged = message is None
