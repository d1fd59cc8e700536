"""Drill 7: a user reads, archives and polls while their entries are being written.

Between any two steps of several fan-outs, and while a step has written and not committed, the user sees just what a plain model in
Python says: no step of a fan-out ever shows. So each poll between two actions of the user's own is answered 304.
"""

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from sqlalchemy import Engine

from drills import triggers
from services.inbox_api import app as inbox
from shared import db, settings
from tests import factories, messages
from tests.drills.faults.conftest import Hub, delivery, expansion
from tests.threads import beside

PATHS = ("?limit=100", "?status=unread", "?status=read", "?status=archived", "/counts")


@dataclass
class Reader:
    """A user with the API, what they should see, and the ETags of what they have seen."""

    client: Any
    hub: Hub
    user: factories.User
    accepted: list[uuid.UUID] = field(default_factory=list)
    seen: set[uuid.UUID] = field(default_factory=set)
    read: set[uuid.UUID] = field(default_factory=set)
    archived: set[uuid.UUID] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    polls: int = 0

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {**factories.bearer(self.user, self.hub.platform), **more.pop("headers", {})}
        return self.client.open(f"/v1/notifications{path}", method=method, headers=headers, **more)

    def poll(self) -> None:
        """Everything that can be polled is as the model says; what was polled before and not touched since is a 304."""
        newest_first = self.accepted[::-1]
        done = self.read | self.archived
        listed = {
            PATHS[0]: [one for one in newest_first if one not in self.archived],
            PATHS[1]: [one for one in newest_first if one not in done],
            PATHS[2]: [one for one in newest_first if one in self.read and one not in self.archived],
            PATHS[3]: [one for one in newest_first if one in self.archived],
        }
        counts = {
            "unread_count": len([one for one in self.accepted if one not in done]),
            "unseen_count": len([one for one in self.accepted if one not in self.seen | self.archived]),
        }
        for path in PATHS:
            known = self.tags.get(path)
            answer = self.ask("GET", path, headers={"If-None-Match": known} if known else {})
            self.polls += 1
            if known:
                assert answer.status_code == 304, (path, answer.get_json())
                answer = self.ask("GET", path)  # what is there all the same
                assert answer.headers["ETag"] == known
            found = answer.get_json()
            assert {name: found[name] for name in counts} == counts, path
            if path in listed:
                assert [uuid.UUID(one["id"]) for one in found["data"]] == listed[path], path
            self.tags[path] = answer.headers["ETag"]

    def act(self, chance: random.Random) -> None:
        """Does one thing that changes something."""
        self.tags.clear()
        one = chance.choice(self.accepted)
        what = chance.choice(["read", "archive", "seen", "read-all", "unread", "unarchive"])
        if what == "read":
            answer = self.ask("PUT", f"/{one}/read")
            self.seen.add(one)
            self.read.add(one)
        elif what == "archive":
            answer = self.ask("PUT", f"/{one}/archived")
            self.archived.add(one)
        elif what == "unread":
            answer = self.ask("DELETE", f"/{one}/read")
            self.read.discard(one)
        elif what == "unarchive":
            answer = self.ask("DELETE", f"/{one}/archived")
            self.archived.discard(one)
        else:
            answer = self.ask("POST", f"/{what}", json={"through": str(one)})
            reached = {other for other in self.accepted[: self.accepted.index(one) + 1] if other not in self.archived}
            self.seen |= reached
            self.read |= reached if what == "read-all" else set()
        assert answer.status_code == 200, (what, answer.get_json())


@pytest.fixture
def reader(hub: Hub, make_engine: Any) -> Reader:
    """One of 25 people, in the middle of them; `cut` puts everyone into batches of 7, 7, 7 and 4, this one into the second."""
    first = hub.join(hub.clinics[0], count=11)
    (user,) = hub.join(hub.clinics[0])
    hub.join(hub.clinics[0], count=12)
    assert len(first) == 11
    engine: Engine = make_engine(db.INBOX_ROLE)
    made: flask.Flask = inbox.make_app(
        inbox.Context(engine), auth=settings.Auth(secret=factories.SECRET, jwks_url=None)
    )
    return Reader(made.test_client(), hub, user)


def test_no_step_of_a_fan_out_is_ever_seen_by_who_reads_and_archives_meanwhile(hub: Hub, reader: Reader) -> None:
    chance = random.Random(7)
    for audience in (messages.EVERYONE, messages.aimed_at(hub.organisations[0])):
        message_id = hub.accept(audience)
        reader.accepted.append(message_id)
        reader.tags.clear()
        steps = [lambda one=message_id: hub.run(expansion(one))]
        steps += [lambda one=message_id, seq=seq: hub.run(delivery(one, seq)) for seq in chance.sample((1, 2, 3, 4), 4)]
        for step in steps:
            reader.act(chance)
            reader.poll()
            step()
            reader.poll()
            hub.published.contracts.clear()
        assert hub.message(message_id).status == "sent"
    assert reader.polls >= 100


@pytest.mark.parametrize("window", ["written", "delivered", "sent"])
def test_what_is_written_and_not_committed_is_not_seen_either_and_can_be_read_and_archived(
    hub: Hub, reader: Reader, window: str
) -> None:
    """`written`: the user's batch, before it is marked. `delivered`: inside its COMMIT. `sent`: inside the COMMIT that ends the flight."""
    chance = random.Random(window)
    older, message_id = hub.accept(), hub.accept()
    reader.accepted += [older, message_id]
    hub.run(expansion(message_id))
    order = (1, 3, 4, 2) if window == "sent" else (2, 1, 3, 4)
    for seq in order[:-1] if window == "sent" else ():
        hub.deliver(message_id, seq)
    reader.poll()
    with (
        triggers.holding(hub.engine, at=window) as hold,
        beside(lambda: hub.deliver(message_id, 2)),
    ):
        hold.wait()
        for _ in range(4):
            reader.act(chance)
            reader.poll()
        hold.release()
    reader.poll()
    for seq in order:
        hub.deliver(message_id, seq)
        reader.poll()
    assert hub.message(message_id).status == "sent"
    assert hub.message(older).status == "queued"
