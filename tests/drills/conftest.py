"""One small hub of processes for the short drills; and sent messages, without processes, for tests that corrupt them."""

import contextlib
import dataclasses
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sqlalchemy
from sqlalchemy import Engine

from cli.embedded import server
from drills import feeds, invariants, platforms, scenario
from drills.findings import Findings
from drills.posts import ACCEPTED, Attempt, Post, Reading
from services.compose_api import domain
from services.fanout_worker.actions import deliver, expand
from services.fanout_worker.actions.context import Context
from services.inbox_api import app as inbox
from shared import contracts, db, settings
from shared.audience import ChosenScopes
from tests import conftest as base
from tests import factories, messages
from tests.fanout_worker.conftest import StillBroker, worker_settings

SEED = 4


@pytest.fixture(scope="module")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenario.Testbed]:
    folder = tmp_path_factory.mktemp("drills")
    with contextlib.closing(scenario.Testbed(folder, size=scenario.SHORT, seed=SEED)) as made:
        yield made


@dataclass
class Sent:
    """Platforms whose messages are all sent, but for one that was recalled when half of it was written.

    Of the recipients of the follow-up's earlier message one has read it before and one afterwards, and one is not active any more.
    """

    owner: Engine
    platforms: dict[str, platforms.Platform]
    posts: list[Post]
    readers: feeds.Checker
    findings: Findings
    answers: "Answers"

    def corrupt(self, statement: str, **parameters: object) -> None:
        """Changes a table as only its owner can."""
        with self.owner.begin() as connection:
            connection.execute(sqlalchemy.text(statement), parameters)

    def violated(self) -> set[str]:
        """The invariants that the tables violate."""
        findings = Findings()
        invariants.check(self.owner, self.posts, findings)
        return {violation.invariant for violation in findings.violations}

    def chosen(self) -> list[feeds.Reader]:
        """Some users, asked as if before the messages."""
        return [
            dataclasses.replace(reader, etag='"of-before"') if reader.platform.key == platforms.LARGE else reader
            for reader in self.readers.choose()
        ]

    def violated_feeds(self, chosen: list[feeds.Reader]) -> set[str]:
        """The invariants that the answers of the inbox API violate."""
        matched = invariants.check(self.owner, self.posts, Findings())
        self.findings.violations.clear()
        self.readers.check(chosen, matched)
        return {violation.invariant for violation in self.findings.violations}

    @property
    def to_everyone(self) -> Post:
        return self.posts[0]

    @property
    def follow_up(self) -> Post:
        return self.posts[-2]

    @property
    def recalled(self) -> Post:
        return self.posts[-1]


class Answers(httpx.BaseTransport):
    """The inbox API, whose answers a test may change on their way."""

    def __init__(self, api: httpx.BaseTransport) -> None:
        self._api = api
        self.change: Callable[[httpx.Request, httpx.Response, Any], httpx.Response | None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._api.handle_request(request)
        document = json.loads(answer.read() or b"null")
        changed = self.change(request, answer, document) if self.change else None
        return answer if changed is None else changed


@dataclass
class Prototype:
    """A database that is cloned for each test, and what the drill knows of it."""

    database: str
    platforms: dict[str, platforms.Platform]
    posts: list[Post]


@pytest.fixture(scope="session")
def prototype(postgres: server.Server, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Prototype:
    url = base.clone(postgres, template_database)
    engines = [
        db.make_engine(base.database_settings(url), role=role, name="tests")
        for role in (db.DIRECTORY_ROLE, db.COMPOSE_ROLE, db.WORKER_ROLE, None)
    ]
    directory, compose, worker, owner = engines
    published: list[contracts.Contract] = []
    made = platforms.make(directory, random.Random(SEED), tmp_path_factory.mktemp("files"), largest=40)
    context = Context(worker, published.append, StillBroker(), worker_settings(url))
    large = made[platforms.LARGE]
    audiences: list[platforms.Audience] = [
        platforms.EVERYONE,
        {"organisations": ["o1"], "clinics": ["o0-c1", "o1-c2"]},
        {"organisations": [], "clinics": ["o2-c0"]},
    ]
    posts = [_accept(compose, large, number, audience) for number, audience in enumerate(audiences)]
    gone, *others = [one for one in large.now.people if one.is_active and one.id.startswith("u")]
    people = [dataclasses.replace(one, status="disabled") if one is gone else one for one in large.now.people]
    large.put(directory, dataclasses.replace(large.now, people=tuple(people)), tmp_path_factory.mktemp("files"))
    _read(owner, posts[0], others[0].id)
    posts.append(_accept(compose, large, len(posts), platforms.EVERYONE, follows=posts[0]))
    _read(owner, posts[0], others[1].id)
    posts.append(_accept(compose, large, len(posts), platforms.EVERYONE))
    for post in posts:
        expand.expand_message(context, message_id=post.message_id)
        tasks = [one for one in published if isinstance(one, contracts.DeliverBatch)]
        published.clear()
        # Of the last one only a part is written.
        for task in tasks[: 1 if post is posts[-1] else None]:
            deliver.deliver_batch(context, message_id=post.message_id, seq=task.seq)
    last = posts[-1]
    sender = factories.User(large.user_ids[last.sender], large.id, last.sender, "", "active")
    messages.recall(compose, sender, factories.Platform(large.id, large.key), last.message_id)
    last.recalls.append(200)
    with owner.begin() as connection:
        connection.execute(
            sqlalchemy.text("DELETE FROM inflight_targets WHERE message_id = :id"), {"id": last.message_id}
        )
    for engine in engines:
        engine.dispose()
    return Prototype(sqlalchemy.make_url(url).database or "", made, posts)


@pytest.fixture
def sent(postgres: server.Server, prototype: Prototype) -> Iterator[Sent]:
    url = base.clone(postgres, prototype.database)
    owner, reading = (
        db.make_engine(base.database_settings(url), role=role, name="tests") for role in (None, db.INBOX_ROLE)
    )
    auth = settings.Auth(secret=factories.SECRET, jwks_url=None)
    app = inbox.make_app(inbox.Context(reading), auth=auth)
    answers = Answers(httpx.WSGITransport(app=app))
    client = httpx.Client(transport=answers, base_url="http://inbox")
    findings = Findings()
    readers = feeds.Checker(client, factories.bearer, prototype.platforms, rng=random.Random(SEED), findings=findings)
    posts: list[Post] = []
    for post in prototype.posts:
        follows = None if post.follows is None else posts[prototype.posts.index(post.follows)]
        lists = {"attempts": [*post.attempts], "recalls": [*post.recalls], "readings": [*post.readings]}
        posts.append(dataclasses.replace(post, follows=follows, **lists))
    yield Sent(owner, prototype.platforms, posts, readers, findings, answers)
    client.close()
    owner.dispose()
    reading.dispose()


def _accept(
    compose: Engine, of: platforms.Platform, number: int, audience: platforms.Audience, *, follows: Post | None = None
) -> Post:
    sender = "platform-administrator-0"
    post = Post(of, sender, f"Notice {number}", "What it is about", audience, key=None, follows=follows)
    chosen = ChosenScopes(
        everyone=bool(audience.get("everyone")),
        organisations=tuple(audience.get("organisations", ())),
        clinics=tuple(audience.get("clinics", ())),
    )
    follow_up = {} if follows is None else {"follows": follows.message_id, "only": "unread"}
    who = factories.User(of.user_ids[sender], of.id, sender, "", "active")
    began = time.monotonic()
    message_id = messages.accept(
        compose,
        who,
        factories.Platform(of.id, of.key),
        domain.NO_SCOPES if follow_up else chosen,
        title=post.title,
        **follow_up,
    )
    post.attempts.append(Attempt(began, time.monotonic() - began, ACCEPTED, message_id))
    return post


def _read(owner: Engine, post: Post, user: str) -> None:
    began = time.monotonic()
    with owner.begin() as connection:
        read_at = connection.execute(
            sqlalchemy.text("""
                INSERT INTO inbox_states (user_id, sent_at, message_id, seen_at, read_at, first_read_at)
                SELECT :user_id, m.sent_at, m.id, t.now, t.now, t.now
                FROM messages m, LATERAL (SELECT next_state_at(m.platform_id) AS now) AS t WHERE m.id = :message_id
                RETURNING first_read_at
            """),
            {"user_id": post.platform.user_ids[user], "message_id": post.message_id},
        ).scalar_one()
    post.readings.append(Reading(user, began, time.monotonic() - began, read_at))
