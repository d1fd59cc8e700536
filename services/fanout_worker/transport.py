"""Kombu's Redis transport with two differences, for workers only (the setting `broker_transport`).

kombu 5.7.0 forgets a task only after Redis has accepted its acknowledgement; Celery logs a failed one and goes on. A worker with a
prefetch of one then counts the task as unacknowledged, takes no other and never reads from its connection again until it is restarted.
And an item of a list that is no message ends the worker.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from kombu import exceptions
from kombu.transport import redis, virtual

from shared import logging

_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, exceptions.DecodeError)
_logger = logging.get_logger(__name__)


class QoS(redis.QoS):
    """Forgets a task even if its acknowledgement failed. Redis then delivers it again after the visibility timeout."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


class Channel(redis.Channel):
    QoS = QoS

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], None], consumer_tag: str, **options: Any
    ) -> Any:
        """Like kombu's, but rejects a message that `callback` cannot read: the worker would count it as unacknowledged."""

        def read(message: Any) -> None:
            try:
                callback(message)
            except _MALFORMED:
                if not message.acknowledged:
                    message.reject()
                raise

        return super().basic_consume(queue, no_ack, read, consumer_tag, **options)  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    """Drops an item that is no message (Redis has already removed it from its list) and calls `on_malformed` with the reason."""

    Channel = Channel
    on_malformed: ClassVar[list[Callable[[str], None]]] = []

    def on_readable(self, fileno: int) -> None:  # type: ignore[override]
        try:
            super().on_readable(fileno)  # type: ignore[no-untyped-call]
        except _MALFORMED as error:
            _logger.error("an item of a queue is no message and was dropped", reason=type(error).__name__)
            for report in self.on_malformed:
                report(f"not a message ({type(error).__name__})")
