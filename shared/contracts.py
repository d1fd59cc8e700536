"""The contracts between services: the tasks in the broker (name, queue, arguments), and the change notice for live streams.

Arguments are ids and numbers only. A worker ignores unknown fields and refuses unknown versions: a change that an older worker must not
run needs a new version. A release with VERSION 2 must also read version 1, because tasks outlive a release.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, TypeVar

VERSION = 1

EXPAND_QUEUE = "expand"
DELIVER_QUEUE = "deliver_bulk"
SWEEP_QUEUE = "sweep"
QUEUES = (EXPAND_QUEUE, DELIVER_QUEUE, SWEEP_QUEUE)

# Task header with a contract's `published_at`: by PostgreSQL's clock, as the row of the message or batch has it. From it the sweep knows
# which tasks still wait in a queue.
PUBLISHED_AT_HEADER = "hub_published_at"
# The argument of several ExpandMessage that travel as one task: the arguments of each.
EACH = "each"


@dataclass(frozen=True, kw_only=True)
class ExpandMessage:
    """Cut the audience of a message into batches, or go on cutting."""

    task: ClassVar[str] = "message_hub.expand_message"
    queue: ClassVar[str] = EXPAND_QUEUE

    message_id: str
    request_id: str
    published_at: datetime | None = field(default=None, compare=False)
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class DeliverBatch:
    """Write the entries of one batch."""

    task: ClassVar[str] = "message_hub.deliver_batch"
    queue: ClassVar[str] = DELIVER_QUEUE

    message_id: str
    seq: int
    request_id: str
    published_at: datetime | None = field(default=None, compare=False)
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Publish lost tasks again, complete messages, create and drop partitions."""

    task: ClassVar[str] = "message_hub.sweep"
    queue: ClassVar[str] = SWEEP_QUEUE

    published_at: None = None
    version: int = VERSION


Contract = ExpandMessage | DeliverBatch | Sweep
ALL: tuple[type[Contract], ...] = (ExpandMessage, DeliverBatch, Sweep)
Some = TypeVar("Some", ExpandMessage, DeliverBatch, Sweep)


class UnknownVersionError(Exception):
    """A task of another release. The sweep publishes it again with this release's version."""


class UnreadableError(Exception):
    """A task of this release's version without its fields."""


def arguments(contract: Contract) -> dict[str, Any]:
    """The keyword arguments of the task."""
    # asdict would copy each time, which takes longer than all else here.
    return {name: value for name, value in vars(contract).items() if name != "published_at"}


def read(contract: type[Some], given: Mapping[str, Any]) -> Some:
    """The contract with these arguments; unknown ones are ignored.

    Raises `UnknownVersionError` before it looks at anything else, because another version may have other fields, and `UnreadableError`.
    """
    version = given.get("version")
    if type(version) is not int or version != VERSION:
        raise UnknownVersionError(f"contract version {version!r:.40}, this worker knows {VERSION}")
    try:
        known = {one.name: given[one.name] for one in fields(contract) if one.name != "published_at"}
    except KeyError as missing:
        raise UnreadableError(f"no {missing.args[0]} among the arguments") from None
    return contract(**known)


@dataclass(frozen=True, kw_only=True)
class PlatformChanged:
    """A message of the platform was accepted or recalled. Published to a channel; the live stream also works without it."""

    channel: ClassVar[str] = "message_hub.platform_changed"

    platform_id: int
    version: int = VERSION

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str | bytes) -> "PlatformChanged | None":
        """The notice that `write` wrote; None for any other text or version."""
        try:
            given = json.loads(text)
            if given["version"] == VERSION and isinstance(given["platform_id"], int):
                return cls(platform_id=given["platform_id"])
        except (ValueError, TypeError, KeyError):
            pass
        return None
