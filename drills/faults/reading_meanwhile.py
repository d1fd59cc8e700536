"""Users read, archive, poll with ETags and listen to their streams while their entries are being written."""

import datetime
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from drills import streams, triggers, world
from drills.processes import has_come
from drills.stage import Stage

_READERS_EACH = 3
_LISTENERS_EACH = 2
_PAGE = 100
_HELD_AT = ("written", "delivered", "sent")
# How late a stream may tell of what a poll shows already.
_STREAM_S = 15.0


def drill(stage: Stage) -> None:
    ending = threading.Event()
    readers, listeners = _people(stage)
    threads = [threading.Thread(target=one.run, args=(ending,)) for one in (*readers, *listeners)]
    for thread in threads:
        thread.start()
    try:
        for at in _HELD_AT:
            held_up(stage, at, readers)
        while not stage.is_over:
            stage.pause(0.2, 1.0)
            held_up(stage, stage.rng.choice(_HELD_AT), readers)
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    for one in (*readers, *listeners):
        for kind, count in one.done.items():
            stage.note(kind, count)
        for violation in one.broken:
            stage.expect(False, *violation)


def held_up(stage: Stage, at: str, readers: Sequence["Reader"]) -> None:
    """Fan-outs stand where entries are written and not committed, where a batch commits, or where a message becomes sent; until all
    readers have polled meanwhile, and for a moment more.
    """
    with triggers.holding(stage.engine, at=at) as hold:
        stage.post(world.LARGE)
        hit = hold.wait_reached(seconds=20)
        # The poll under way began before; the next one is over when the one after it has begun.
        wanted = [reader.polls + 2 for reader in readers]
        hit = hit and has_come(lambda: all(one.polls >= n for one, n in zip(readers, wanted, strict=True)), seconds=20)
        stage.pause(0.0, 0.5)
        stage.placed(hit and hold.count() > 0, f"polled while a fan-out is held: {at}")


def _people(stage: Stage) -> tuple[list["Reader"], list["Listener"]]:
    readers: list[Reader] = []
    listeners: list[Listener] = []
    for platform in stage.world.platforms:
        users = [person.id for person in platform.now.people if person.status == "active"]
        chosen = stage.rng.sample(users, min(_READERS_EACH + _LISTENERS_EACH, len(users)))
        for user in chosen[:_READERS_EACH]:
            seed = stage.rng.getrandbits(64)
            headers = stage.traffic.bearer(user, platform.key)
            readers.append(Reader(user, stage.hub.apis.inbox_url, headers, rng=random.Random(seed)))
        for user in chosen[_READERS_EACH:]:
            listeners.append(Listener(user, stage.hub.apis.inbox_url, stage.traffic.bearer(user, platform.key)))
    return readers, listeners


@dataclass
class Person:
    """Somebody with a bell, in a thread of their own. Keeps what they did and what was wrong."""

    user: str
    url: str
    headers: dict[str, str]
    done: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[str, str]] = field(default_factory=list)

    def run(self, ending: threading.Event) -> None:
        try:
            with httpx.Client(base_url=self.url, headers=self.headers, timeout=10) as client:
                self.live(client, ending)
        except Exception as error:  # a thread's error would be lost
            self.broken.append(("readers are served", f"{self.user}: {type(error).__name__}: {error}"))

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        raise NotImplementedError

    def did(self, what: str, count: int = 1) -> None:
        self.done[what] = self.done.get(what, 0) + count

    def expect(self, true: bool, check: str, what: Callable[[], str]) -> None:
        if not true:
            self.broken.append((check, f"{self.user}: {what()}"))

    def get(self, client: httpx.Client, path: str, tag: str | None = None, **query: Any) -> httpx.Response:
        """An answer 200 or 304; a busy inbox (503) is asked again, as bells do."""
        while True:
            headers = {"If-None-Match": tag} if tag else {}
            answer = client.get(path, params=query, headers=headers)
            if answer.status_code != 503:
                answer.raise_for_status() if answer.status_code != 304 else None
                return answer
            self.did("polls told to come again")
            time.sleep(0.2)


@dataclass
class Reader(Person):
    """Polls, reads and archives, alone in their inbox: what changes besides their own doing is that messages come or are recalled."""

    rng: random.Random = field(default_factory=random.Random)
    shown: list[str] = field(default_factory=list)
    put_away: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    had_more: bool = False
    polls: int = 0

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        while not ending.is_set():
            self.poll(client)
            if self.rng.random() < 0.5:
                self.act(client)
            ending.wait(self.rng.uniform(0, 0.1))
        self.poll(client)

    def poll(self, client: httpx.Client) -> None:
        """A page and its counts, then at once the same with its ETag; and what is unread, which must be as many as were counted."""
        self.polls += 1
        answer = self.get(client, "/v1/notifications", limit=_PAGE)
        page, tag = answer.json(), answer.headers["ETag"]
        again = self.get(client, "/v1/notifications", tag, limit=_PAGE)
        self.did("polls")
        self.compare(page)
        if again.status_code == 304:
            self.did("polls answered 304")
        else:
            self.expect(again.json() != page, "an ETag is new only with what it stands for", lambda: f"twice {tag}")
            self.compare(again.json())
        unread = self.get(client, "/v1/notifications", limit=_PAGE, status="unread").json()
        if not unread["has_more"]:
            self.expect(
                unread["unread_count"] == len(unread["data"]),
                "counts agree with the page",
                lambda: f"{unread['unread_count']} unread, {len(unread['data'])} of them listed",
            )

    def compare(self, page: dict[str, Any]) -> None:
        """Against the page before: new ones only above all of it, or below where there was more; gone is only what was recalled."""
        ids = [one["id"] for one in page["data"]]
        times = [_time(one["sent_at"]) for one in page["data"]]
        self.expect(len(set(ids)) == len(ids), "nothing repeats", lambda: f"{ids}")
        self.expect(times == sorted(times, reverse=True), "nothing moves", lambda: f"{times}")
        self.expect(not self.gone & set(ids), "nothing flickers", lambda: f"{self.gone & set(ids)} came back")
        self.expect(not self.put_away & set(ids), "archived is put away", lambda: f"{self.put_away & set(ids)}")
        known = [one for one in ids if one in set(self.shown)]
        self.expect(known == [one for one in self.shown if one in set(ids)], "nothing moves", lambda: f"{known[:8]}")
        if known:
            first, last = ids.index(known[0]), ids.index(known[-1])
            self.expect(last - first + 1 == len(known), "what comes is newest", lambda: f"between {ids[first:last]}")
            below = len(ids) - 1 - last
            self.expect(
                not below or self.had_more, "what comes is newest", lambda: f"{ids[last + 1 :]} below the others"
            )
        seen_to = self.shown.index(known[-1]) if known and page["has_more"] else len(self.shown)
        self.gone |= {one for one in self.shown[:seen_to] if one not in set(ids)}
        self.shown, self.had_more = ids, page["has_more"]
        if not page["has_more"]:
            counted = tuple(sum(one[name] is None for one in page["data"]) for name in ("read_at", "seen_at"))
            self.expect(
                counted == (page["unread_count"], page["unseen_count"]),
                "counts agree with the page",
                lambda: f"{counted} on the page, {page['unread_count']} and {page['unseen_count']} counted",
            )

    def act(self, client: httpx.Client) -> None:
        """Something with something shown; the answer's own counts and state are what was asked for."""
        if not self.shown:
            return
        one = self.rng.choice(self.shown[:20])
        what = self.rng.choice(("read", "read", "unread", "archive", "seen", "read-all"))
        if what in ("seen", "read-all"):
            answer = client.post(f"/v1/notifications/{what}", json={"through": one})
        elif what == "archive":
            answer = client.put(f"/v1/notifications/{one}/archived")
        else:
            answer = client.request("PUT" if what == "read" else "DELETE", f"/v1/notifications/{one}/read")
        if answer.status_code in (409, 503):  # recalled since it was shown; busy
            return
        answer.raise_for_status()
        self.did("reads and archives")
        if what == "archive":
            self.put_away.add(one)
            self.shown.remove(one)
        elif what in ("read", "unread"):
            read_at = answer.json()["notification"]["read_at"]
            self.expect(
                (read_at is not None) == (what == "read"), "unread never goes wrong", lambda: f"{what}: {read_at}"
            )


@dataclass
class Listener(Person):
    """Listens to the stream, and compares it with the feed: the same messages, each once, in the same order."""

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        stream = streams.Client(self.url, self.headers)
        self.expect(stream.status == 200, "streams are served", lambda: f"{stream.status} {stream.code}")
        if stream.status != 200:
            return
        try:
            stream.wait("ready")
            before = {one["id"] for one in self.get(client, "/v1/notifications", limit=_PAGE).json()["data"]}
            ending.wait()
            self.compare(client, stream, before)
        finally:
            stream.close()

    def compare(self, client: httpx.Client, stream: streams.Client, before: set[str]) -> None:
        feed = self.get(client, "/v1/notifications", limit=_PAGE).json()["data"]
        expected = [one["id"] for one in reversed(feed) if one["id"] not in before]
        has_come(lambda: set(expected) <= set(stream.ids()), seconds=_STREAM_S)
        told = stream.ids()
        missing = [one for one in expected if one not in set(told)]
        self.did("streams")
        self.did("notifications told by streams", len(told))
        self.expect(not stream.is_over, "streams are served", lambda: "the stream ended by itself")
        self.expect(
            len(set(told)) == len(told), "streams tell each once", lambda: f"{len(told) - len(set(told))} twice"
        )
        in_order = [one for one in expected if one in set(told)]
        common = [one for one in told if one in set(expected)]
        self.expect(common == in_order, "streams tell in order", lambda: f"{common[:5]} and not {in_order[:5]}")
        self.expect(
            not missing or bool(stream.named("sync")),
            "streams tell what the feed shows",
            lambda: f"{len(missing)} of {len(expected)} missing",
        )


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)
