"""What a provisioning client states of users and groups, as plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_NAME = 200


def is_id(value: str) -> bool:
    """Whether it may be an id of a user or a group."""
    return value.isascii() and value.isdecimal() and 0 < len(value) < 19


@dataclass(frozen=True)
class Actor:
    """Who changes something, for the audit trail: an operator or a directory token by name, or a user; and where a request comes from."""

    operator: str | None = None
    user_id: int | None = None
    request_id: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Client:
    """Who changes the directory over HTTP: a directory token, or a user who administers the platform; and where the request comes from.

    `request`: method and path, for SCIM.
    """

    platform_id: int
    platform_key: str
    request_id: str
    address: str | None
    token_id: int | None = None
    user_id: int | None = None
    request: str = ""

    @property
    def actor(self) -> Actor:
        operator = None if self.token_id is None else f"directory token {self.token_id}"
        return Actor(operator, self.user_id, self.request_id, self.address)


@dataclass(frozen=True)
class ScopeState:
    """An organisation or a clinic. `parent`: the external id of the clinic's organisation; None for an organisation."""

    level: str
    external_id: str
    name: str
    active: bool = True
    parent: str | None = None


@dataclass(frozen=True)
class UserState:
    """A user as the client states them. `attributes`: displayName, name and emails."""

    user_name: str
    external_id: str | None = None
    active: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the hub shows: the first of displayName, name.formatted, given and family name, userName."""
        stated = self.attributes.get("name") or {}
        both = " ".join(filter(None, (stated.get("givenName"), stated.get("familyName"))))
        shown = self.attributes.get("displayName") or stated.get("formatted") or both or self.user_name
        return str(shown)[:MAX_NAME].rstrip()

    @property
    def email(self) -> str:
        """The primary e-mail address, else one for work, else the first; empty without any."""
        emails = [one for one in self.attributes.get("emails") or () if one.get("value")]
        emails.sort(key=lambda one: (not one.get("primary"), one.get("type") != "work"))
        return str(emails[0]["value"]) if emails else ""


@dataclass(frozen=True)
class StatedScope:
    """A scope by its external id, and the role that a group's members have in it; without either it means nothing yet. `level`: None
    where the id alone tells.
    """

    external_id: str | None
    role: str | None
    level: str | None = None


@dataclass(frozen=True)
class GroupState:
    """A group as the client states it, without its members."""

    display_name: str
    external_id: str | None = None
    scope: StatedScope | None = None


@dataclass(frozen=True)
class MemberChange:
    """User ids that join and leave a group. `replaces`: everybody else leaves too."""

    joining: frozenset[int] = frozenset()
    leaving: frozenset[int] = frozenset()
    replaces: bool = False


@dataclass(frozen=True)
class Page:
    """Which of the matching resources to list: from `start` (1-based), at most `count`. `conditions`: attribute and value, all of which
    must be equal.
    """

    start: int
    count: int
    conditions: tuple[tuple[str, Any], ...] = ()
