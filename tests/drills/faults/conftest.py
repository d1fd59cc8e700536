"""The short version of the drills 5 to 11, without luck: each fault is placed in its window by a lock or a trigger of the test.

Real PostgreSQL and the worker's own code, in threads instead of processes; `hub` and `app` are those of the worker's tests.
"""

import uuid

from shared import contracts
from tests.fanout_worker.conftest import Hub, app, call, hub  # noqa: F401 (fixtures)


def expansion(message_id: uuid.UUID) -> contracts.ExpandMessage:
    return contracts.ExpandMessage(message_id=str(message_id), request_id="request")


def delivery(message_id: uuid.UUID, seq: int) -> contracts.DeliverBatch:
    return contracts.DeliverBatch(message_id=str(message_id), seq=seq, request_id="request")
