"""compose_api as its clients meet it, and a directory in which each kind of person and scope has a name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flask
from sqlalchemy import Connection, Engine, text
from werkzeug.test import TestResponse

from shared import contracts
from tests import conftest as base
from tests import factories

EVERYONE = {"everyone": True}


@dataclass(frozen=True)
class Person:
    user: factories.User
    platform: factories.Platform

    @property
    def headers(self) -> dict[str, str]:
        return factories.bearer(self.user, self.platform)


@dataclass(frozen=True)
class World:
    """People and scopes by name; a scope's name is its external id.

    Organisation a has the clinics a1, a2 and the closed a0; organisation b has b1; organisation z is closed, its clinic z1 is
    not. x with x1 belongs to another platform, s with s1 to one on the standard plan.
    """

    people: Mapping[str, Person]
    scopes: Mapping[str, factories.Scope]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    @property
    def platform(self) -> factories.Platform:
        return self.people["platform administrator"].platform


ADMINISTRATORS: dict[str, Sequence[str]] = {
    "platform administrator": ("platform",),
    "second platform administrator": ("platform",),
    "administrator of a": ("a",),
    "second administrator of a": ("a",),
    "administrator of a1": ("a1",),
    "second administrator of a1": ("a1",),
    "administrator of a1 and b": ("a1", "b"),
    "administrator of a1 and a2": ("a1", "a2"),
}
# Every platform has them, whatever they may do.
OTHERS: dict[str, str] = {"member": "active", "pending": "pending", "disabled": "disabled"}


def make_world(connection: Connection) -> World:
    platform = factories.platform(connection)
    a, b = (factories.organisation(connection, platform, external_id=name) for name in "ab")
    z = factories.organisation(connection, platform, external_id="z", active=False)
    clinics = {
        name: factories.clinic(connection, of, external_id=name, active=name != "a0")
        for name, of in {"a0": a, "a1": a, "a2": a, "b1": b, "z1": z}.items()
    }
    scopes: dict[str, factories.Scope] = {"platform": platform, "a": a, "b": b, "z": z, **clinics}
    people = {}
    for name, administered in ADMINISTRATORS.items():
        people[name] = _person(connection, platform, name)
        for scope in administered:
            factories.administrator(connection, people[name].user, scopes[scope])
    for name, status in OTHERS.items():
        people[name] = _person(connection, platform, name, status=status)
    factories.member(connection, people["member"].user, clinics["a1"])

    for plan, letter in (("enterprise", "x"), ("standard", "s")):
        elsewhere = factories.platform(connection, plan=plan)
        scopes[letter] = organisation = factories.organisation(connection, elsewhere, external_id=letter)
        scopes[f"{letter}1"] = factories.clinic(connection, organisation, external_id=f"{letter}1")
        administrator = _person(connection, elsewhere, f"administrator of {letter}'s platform")
        factories.administrator(connection, administrator.user, elsewhere)
        people[administrator.user.name] = administrator
        for name, status in OTHERS.items():
            people[f"{name} of {letter}"] = _person(connection, elsewhere, f"{name} of {letter}", status=status)
    return World(people=people, scopes=scopes)


def _person(connection: Connection, of: factories.Platform, name: str, *, status: str = "active") -> Person:
    external_id = name.replace(" ", "-")
    return Person(factories.user(connection, of, external_id=external_id, name=name, status=status), of)


@dataclass(frozen=True)
class Hub:
    app: flask.Flask
    owner: Engine
    published: base.Published
    change_notices: list[contracts.PlatformChanged] = field(default_factory=list)

    def call(self, method: str, path: str, who: Person | None, **request: Any) -> TestResponse:
        """A request by `who`. `json` may be anything, even what cannot be encoded; `data` goes as JSON unless it says otherwise."""
        headers = {**(who.headers if who else {}), **request.pop("headers", {})}
        if "json" in request:
            request["data"] = json.dumps(request.pop("json"))
        if "data" in request:
            request.setdefault("content_type", "application/json")
        return self.app.test_client().open(path, method=method, headers=headers, buffered=True, **request)

    def send(self, who: Person, audience: Any = None, *, key: str | None = None, **stated: Any) -> TestResponse:
        """Posts a message; without an audience to everyone. `stated` is more of its content."""
        headers = {} if key is None else {"Idempotency-Key": key}
        message = {"title": "Notice", "body": "News.", "audience": EVERYONE if audience is None else audience, **stated}
        return self.call("POST", "/v1/messages", who, json=message, headers=headers)

    def sent(self, who: Person, audience: Any = None, **request: Any) -> dict[str, Any]:
        """The message, which must be accepted."""
        answer = self.send(who, audience, **request)
        assert answer.status_code == 202, answer.text
        return dict(answer.get_json())

    def preview(self, who: Person, audience: Any) -> TestResponse:
        return self.call("POST", "/v1/audiences/preview", who, json={"audience": audience})

    def recall(self, who: Person, message_id: str) -> TestResponse:
        return self.call("DELETE", f"/v1/messages/{message_id}", who)

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]

    def count_messages(self, platform: factories.Platform) -> int:
        ((count,),) = self.rows("SELECT count(*) FROM messages WHERE platform_id = :id", id=platform.id)
        return int(count)
