"""Listens to what compose_api announces through Redis. Whatever becomes of Redis, this goes on trying and harms nobody."""

import asyncio
from collections.abc import Callable

import redis.asyncio
import redis.asyncio.client
from redis import backoff
from redis.asyncio import retry

from shared import breaker, contracts, logging, redis_client

# A Redis that hangs refuses nothing and says nothing: when it has been silent for so long, it has to answer a ping in as long.
_SILENCE_S = 3.0
_LOOK_AGAIN_AFTER_S = 0.1
_logger = logging.get_logger(__name__)


async def listen(url: str, on_change: Callable[[int], None], redis_breaker: breaker.Breaker) -> None:
    """Calls `on_change` with the id of each platform that is announced to have changed. Until it is cancelled.

    Whether Redis is back finds out the breaker; here that is only looked at.
    """
    client = redis.asyncio.Redis.from_url(
        url,
        socket_timeout=redis_client.SOCKET_TIMEOUT_S,
        socket_connect_timeout=redis_client.CONNECT_TIMEOUT_S,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )
    hears = False
    while True:
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(contracts.PlatformChanged.channel)
                _logger.info("listening to announcements")
                hears = True
                await _hear(subscription, on_change)
        except (redis.RedisError, OSError, TimeoutError) as error:
            if hears:
                _logger.warning("no announcements are heard", reason=type(error).__name__)
            hears = False
            redis_breaker.failed(error)
        while not redis_breaker.is_closed:
            await asyncio.sleep(_LOOK_AGAIN_AFTER_S)


async def _hear(subscription: redis.asyncio.client.PubSub, on_change: Callable[[int], None]) -> None:
    """Raises `TimeoutError` when there is nobody on the other side any more."""
    is_asked = False
    while True:
        message = await subscription.get_message(timeout=_SILENCE_S)
        if message is None and is_asked:
            raise TimeoutError
        if message is None:
            await subscription.ping()
        elif message["type"] == "message":
            change = contracts.PlatformChanged.read(message["data"])
            if change is not None:
                on_change(change.platform_id)
        is_asked = message is None
