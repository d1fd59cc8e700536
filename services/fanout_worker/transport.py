"""Kombu's Redis transport with two differences, for workers only (the setting `broker_transport`).

kombu 5.7.0 forgets a task only once Redis has taken its acknowledgement, and Celery logs a failed one and goes on. A worker that takes
one task at a time then believes that it still has one, asks for no other and never reads from its connection again, until it is
restarted. And an item of a list that is no message ends the worker.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from kombu import exceptions
from kombu.transport import redis, virtual

from shared import logging

_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, exceptions.DecodeError)
_logger = logging.get_logger(__name__)


class QoS(redis.QoS):
    """Forgets a task whether or not Redis took the answer. Where Redis still has it, it comes again after the visibility timeout."""

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
        """As kombu does it; a message that `callback` cannot read is rejected, or the worker would count it as one that it has."""

        def read(message: Any) -> None:
            try:
                callback(message)
            except _MALFORMED:
                if not message.acknowledged:
                    message.reject()
                raise

        return super().basic_consume(queue, no_ack, read, consumer_tag, **options)  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    """Drops an item that is no message, which Redis has already removed from its list, and tells `on_malformed` the reason."""

    Channel = Channel
    on_malformed: ClassVar[list[Callable[[str], None]]] = []

    def on_readable(self, fileno: int) -> None:  # type: ignore[override]
        try:
            super().on_readable(fileno)  # type: ignore[no-untyped-call]
        except _MALFORMED as error:
            _logger.error("an item of a queue is no message and was dropped", reason=type(error).__name__)
            for report in self.on_malformed:
                report(f"not a message ({type(error).__name__})")
