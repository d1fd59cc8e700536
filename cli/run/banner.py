"""What `message-hub run` prints once the hub is up: addresses, tokens, and a first message to copy and paste."""

import json
import shlex
import time
from dataclasses import dataclass

from sqlalchemy import Connection

from cli.run import demo
from cli.run.programs import Apis
from shared import db
from shared.auth import store, tokens

_TTL_DAYS = 30
_FIRST_MESSAGE = {
    "title": "Welcome to Message Hub",
    "body": "This is a first message to everyone. Read more at https://example.org/welcome",
    "audience": {"everyone": True},
}

_ADDRESSES = """
Message Hub is up.

{pages}
  compose API   {apis.compose_url}   reference: {apis.compose_url}/docs
  inbox API     {apis.inbox_url}   reference: {apis.inbox_url}/docs
  live stream   {apis.stream_url}/v1/notifications/stream
  directory     {apis.directory_url}/scim/v2   reference: {apis.directory_url}/docs
  logs          {data}/logs/{workers}
{what_next}
Ctrl-C stops everything. The data stay for the next run.
"""
_TRY_IT = """
Tokens for the platform {platform}, good for {days} days:

{tokens}
Send a first message to everyone, as {sender.name}:

  curl -sS {apis.compose_url}/v1/messages \\
    -H {sender.bearer} \\
    -H 'Content-Type: application/json' \\
    -d {message}

See it under the bell of {reader.name}:

  curl -sS {apis.inbox_url}/v1/notifications \\
    -H {reader.bearer}
"""
_MAKE_ONE = """
Make a platform, load its people from CSV files, and make a token for one of them (or connect its identity provider: docs/identity.md):

  {command} platform my-platform --name 'My platform' --plan enterprise{option}
  {command} import --platform my-platform DIRECTORY{option}
  {command} token --platform my-platform --user EXTERNAL_ID{option}
"""


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: str  # for people to read
    token: str

    @property
    def bearer(self) -> str:
        return shlex.quote(f"Authorization: Bearer {self.token}")


@dataclass(frozen=True)
class Facts:
    """More facts that the text shows."""

    command: str  # how the shell finds message-hub
    data: str
    workers: int
    has_pages: bool
    has_sign_in: bool  # at the provider of the demo


def demo_people(connection: Connection, secret: str) -> list[Person]:
    """The active people of `demo.PEOPLE`, each with a token; empty without a demo platform."""
    found = []
    for role, user in demo.PEOPLE.items():
        caller = store.find_caller(db.driver(connection), platform=demo.PLATFORM, user=user)
        if caller is not None and caller.is_active:
            found.append(Person(user, caller.name, role, demo_token(secret, user)))
    return found


def demo_token(secret: str, user: str) -> str:
    """A token for a user of the demo platform."""
    return tokens.make(secret, platform=demo.PLATFORM, user=user, now=time.time(), ttl_s=_TTL_DAYS * 24 * 60 * 60)


def render(apis: Apis, people: list[Person], facts: Facts) -> str:
    """The whole text. Its commands work as they are printed."""
    pages = (
        f"  console       {apis.compose_url}/console/"
        if facts.has_pages
        else "  console       not built: run `make web`"
    )
    if facts.has_pages and people and facts.has_sign_in:
        pages += f"   sign in with your organisation as {people[0].id}"
    if facts.has_pages and people:
        pages += f"\n  demo          {apis.compose_url}/demo/   the console and the bell side by side"
    if people:
        what_next = _TRY_IT.format(
            apis=apis,
            platform=demo.PLATFORM,
            days=_TTL_DAYS,
            tokens="".join(f"  {one.role}, {one.name}:\n    {one.token}\n\n" for one in people).removesuffix("\n"),
            sender=people[0],
            reader=people[-1],
            message=shlex.quote(json.dumps(_FIRST_MESSAGE)),
        )
    else:
        option = "" if facts.data == ".data" else f" --data {shlex.quote(facts.data)}"
        what_next = _MAKE_ONE.format(command=facts.command, option=option)
    workers = "" if facts.workers else "\n  workers       none (--workers 0): messages wait until one runs"
    return _ADDRESSES.format(pages=pages, apis=apis, data=shlex.quote(facts.data), workers=workers, what_next=what_next)
