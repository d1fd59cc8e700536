"""The tasks that travel through the broker: names, queues and arguments, the only thing compose and the worker agree on.

Arguments are ids and numbers only. A worker ignores fields it does not know and refuses versions it does not know: a new version is for
what an older worker must not do. Whoever comes after VERSION 1 must read the version before its own as well, for tasks outlive a release.
At the end, what compose announces to every process of inbox_api that listens.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeVar

VERSION = 1

EXPAND_QUEUE = "expand"
DELIVER_QUEUE = "deliver_bulk"
SWEEP_QUEUE = "sweep"
QUEUES = (EXPAND_QUEUE, DELIVER_QUEUE, SWEEP_QUEUE)

# Task header: when it was published, in seconds since 1970. The sweep reads it to see what still waits in a queue.
PUBLISHED_AT_HEADER = "hub_published_at"


@dataclass(frozen=True, kw_only=True)
class ExpandMessage:
    """Cut the audience of a message into batches, or go on cutting."""

    task: ClassVar[str] = "message_hub.expand_message"
    queue: ClassVar[str] = EXPAND_QUEUE

    message_id: str
    request_id: str
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class DeliverBatch:
    """Write the entries of one batch."""

    task: ClassVar[str] = "message_hub.deliver_batch"
    queue: ClassVar[str] = DELIVER_QUEUE

    message_id: str
    seq: int
    request_id: str
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Repair what was lost, publish what is due, look after the partitions."""

    task: ClassVar[str] = "message_hub.sweep"
    queue: ClassVar[str] = SWEEP_QUEUE

    version: int = VERSION


Contract = ExpandMessage | DeliverBatch | Sweep
ALL: tuple[type[Contract], ...] = (ExpandMessage, DeliverBatch, Sweep)
Some = TypeVar("Some", ExpandMessage, DeliverBatch, Sweep)


class UnknownVersionError(Exception):
    """A task of another release, which this one must not guess at; the sweep publishes it again as it knows it."""


class UnreadableError(Exception):
    """A task that says it has this release's version and does not have its fields."""


def arguments(contract: Contract) -> dict[str, Any]:
    """The keyword arguments as they travel."""
    return asdict(contract)


def read(contract: type[Some], given: Mapping[str, Any]) -> Some:
    """What travelled as these arguments; what else they hold is ignored.

    Raises `UnknownVersionError` before it looks at anything else, because another version may have other fields, and `UnreadableError`.
    """
    version = given.get("version")
    if type(version) is not int or version != VERSION:
        raise UnknownVersionError(f"contract version {version!r:.40}, this worker knows {VERSION}")
    try:
        known = {field.name: given[field.name] for field in fields(contract)}
    except KeyError as missing:
        raise UnreadableError(f"no {missing.args[0]} among the arguments") from None
    return contract(**known)


@dataclass(frozen=True, kw_only=True)
class PlatformChanged:
    """A message of the platform was accepted or recalled: look. Published to a channel; nothing depends on its being heard."""

    channel: ClassVar[str] = "message_hub.platform_changed"

    platform_id: int
    version: int = VERSION

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str | bytes) -> "PlatformChanged | None":
        """What `write` wrote, here or in another release; None for anything else."""
        try:
            given = json.loads(text)
            if given["version"] == VERSION and isinstance(given["platform_id"], int):
                return cls(platform_id=given["platform_id"])
        except (ValueError, TypeError, KeyError):
            pass
        return None
