"""Redis as kombu consumes from it, with one difference: a worker outlives an acknowledgement that could not be sent.

kombu forgets a task only once Redis has taken its acknowledgement, and Celery merely logs when that fails. A worker that takes one
task at a time then believes for ever that it still has one: it asks for no other, so it never looks at its connection again, and
stands still, alive, until somebody restarts it. Found by drills that kill Redis. Installed by worker.py.
"""

import kombu.transport
from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """The task is done or given back as far as this worker goes, whether Redis has heard of it or not.

    Where Redis still has it, it comes again after the visibility timeout, and every task may run twice.
    """

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


class Transport(redis.Transport):
    Channel = Channel


def install() -> None:
    """From now on addresses of Redis lead here. By the schemes' names, so that kombu treats each of them as it always does."""
    for scheme in ("redis", "rediss"):
        kombu.transport.TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
