"""What `message-hub run` prints once the hub is up: addresses, tokens, and a first message to copy and paste."""

import json
import shlex
import time
from dataclasses import dataclass

from sqlalchemy import Connection

from cli import tokens
from cli.run import demo
from cli.run.programs import Apis
from shared import db
from shared.auth import store

_TTL_DAYS = 30
_FIRST_MESSAGE = {
    "title": "Welcome to Message Hub",
    "body": "This is a first message to everyone. Read more at https://example.org/welcome",
    "audience": {"everyone": True},
}


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: str  # for people to read
    token: str


def demo_people(connection: Connection, secret: str) -> list[Person]:
    """The active people of `demo.PEOPLE`, each with a token; empty without a demo platform."""
    found = []
    for role, user in demo.PEOPLE.items():
        caller = store.find_caller(db.driver(connection), platform=demo.PLATFORM, user=user)
        if caller is not None and caller.is_active:
            token = tokens.make(
                secret, platform=demo.PLATFORM, user=user, now=time.time(), ttl_s=_TTL_DAYS * 24 * 60 * 60
            )
            found.append(Person(user, caller.name, role, token))
    return found


@dataclass(frozen=True, kw_only=True)
class Facts:
    """More facts that the text shows."""

    command: str  # how the shell finds message-hub
    data: str
    workers: int
    has_pages: bool


def render(apis: Apis, people: list[Person], facts: Facts) -> str:
    """The whole text. Its commands work as they are printed."""
    lines = [
        "",
        "Message Hub is up.",
        "",
        *_pages(apis, people, facts),
        f"  compose API   {apis.compose_url}   reference: {apis.compose_url}/docs",
        f"  inbox API     {apis.inbox_url}   reference: {apis.inbox_url}/docs",
        f"  live stream   {apis.stream_url}/v1/notifications/stream",
        f"  logs          {shlex.quote(facts.data)}/logs/",
        *([] if facts.workers else ["  workers       none (--workers 0): messages wait until one runs"]),
        "",
        *(_try_it(apis, people) if people else _what_next(facts.command, facts.data)),
        "Ctrl-C stops everything. The data stay for the next run.",
        "",
    ]
    return "\n".join(lines)


def _pages(apis: Apis, people: list[Person], facts: Facts) -> list[str]:
    if not facts.has_pages:
        return ["  console       not built: run `make web`"]
    demo_page = f"  demo          {apis.compose_url}/demo/   the console and the bell side by side"
    return [f"  console       {apis.compose_url}/console/", *([demo_page] if people else [])]


def _try_it(apis: Apis, people: list[Person]) -> list[str]:
    sender, reader = people[0], people[-1]
    tokens_ = [line for one in people for line in (f"  {one.role}, {one.name}:", f"    {one.token}", "")]
    return [
        f"Tokens for the platform {demo.PLATFORM}, good for {_TTL_DAYS} days:",
        "",
        *tokens_,
        f"Send a first message to everyone, as {sender.name}:",
        "",
        f"  curl -sS {apis.compose_url}/v1/messages \\",
        f"    -H {_bearer(sender)} \\",
        "    -H 'Content-Type: application/json' \\",
        f"    -d {shlex.quote(json.dumps(_FIRST_MESSAGE))}",
        "",
        f"See it under the bell of {reader.name}:",
        "",
        f"  curl -sS {apis.inbox_url}/v1/notifications \\",
        f"    -H {_bearer(reader)}",
        "",
    ]


def _what_next(command: str, data: str) -> list[str]:
    option = "" if data == ".data" else f" --data {shlex.quote(data)}"
    return [
        "Make a platform, load its people from CSV files, and make a token for one of them:",
        "",
        f"  {command} platform my-platform --name 'My platform' --plan enterprise{option}",
        f"  {command} import --platform my-platform DIRECTORY{option}",
        f"  {command} token --platform my-platform --user EXTERNAL_ID{option}",
        "",
    ]


def _bearer(person: Person) -> str:
    return shlex.quote(f"Authorization: Bearer {person.token}")
