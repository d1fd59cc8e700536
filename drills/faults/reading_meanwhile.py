"""Users read, archive, poll with ETags and listen to their streams while their entries are being written."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx

from drills import background, platforms, streams, triggers
from drills.processes import has_come
from drills.scenario import Scenario

_READERS_EACH = 3
_LISTENERS_EACH = 2
_PAGE = 100
_FEED = "/v1/notifications"
# How much later than a poll a stream may show a message.
_STREAM_S = 15.0


def drill(scenario: Scenario) -> None:
    readers: list[Reader] = []
    listeners: list[Listener] = []
    for platform in scenario.platforms.values():
        users = platform.now.active
        chosen = scenario.rng.sample(users, min(_READERS_EACH + _LISTENERS_EACH, len(users)))
        readers += [Reader(scenario, platform.key, user) for user in chosen[:_READERS_EACH]]
        listeners += [Listener(scenario, platform.key, user) for user in chosen[_READERS_EACH:]]
    people: list[Person] = [*readers, *listeners]
    scenario.load.reserved = frozenset(one.user for one in people)
    points = ("written", "delivered", "sent")
    with background.running(*(one.run for one in people)):
        scenario.inject(*(partial(fan_out_held, at=at, readers=readers) for at in points), least=0.2, most=1.0)
    for kind, count in sum((one.done for one in people), Counter()).items():
        scenario.note(kind, count)
    for violation in [violation for one in people for violation in one.violations]:
        scenario.findings.violated(*violation)


def fan_out_held(scenario: Scenario, at: str, readers: Sequence["Reader"]) -> None:
    """A fan-out waits: entries written and not committed, a batch committing, or a message becoming sent. All readers poll meanwhile."""
    with triggers.holding(scenario.engine, at=at) as hold:
        scenario.post(platforms.LARGE)
        hit = hold.wait_reached()
        # A poll under way began before; the next one is over when the one after it has begun.
        wanted = [reader.polls + 2 for reader in readers]
        hit = hit and has_come(lambda: all(one.polls >= n for one, n in zip(readers, wanted, strict=True)), seconds=20)
        scenario.pause(0.0, 0.5)
        scenario.injected(hit and hold.count() > 0, f"polled while a fan-out is held: {at}")


class Person:
    """A user with an inbox, in a thread of their own. Keeps what they did and the violations they saw."""

    def __init__(self, scenario: Scenario, platform: str, user: str) -> None:
        self.user = user
        self.url = scenario.hub.apis.inbox_url
        self.stream_url = scenario.hub.apis.stream_url
        self.headers = scenario.load.bearer(user, platform)
        self.rng = random.Random(scenario.rng.getrandbits(64))
        self.done: Counter[str] = Counter()
        self.violations: list[tuple[str, str]] = []

    def run(self, ending: threading.Event) -> None:
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=10) as client:
            self.live(client, ending)

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        raise NotImplementedError

    def check(self, holds: bool, invariant: str, what: object) -> None:
        if not holds:
            self.violations.append((invariant, f"{self.user}: {what}"))

    def get(self, client: httpx.Client, tag: str | None = None, **query: Any) -> httpx.Response:
        """A page of the feed, or 304; retried after 503, as a bell does."""
        while True:
            headers = {"If-None-Match": tag} if tag else {}
            answer = client.get(_FEED, params={"limit": _PAGE, **query}, headers=headers)
            if answer.status_code != 503:
                return answer if answer.status_code == 304 else answer.raise_for_status()
            self.done["polls answered 503"] += 1
            time.sleep(0.2)


class Reader(Person):
    """Polls, reads and archives. Besides what this user does, an inbox changes only when messages come or are recalled."""

    shown: Sequence[str] = ()
    had_more = False
    polls = 0

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        self.archived: set[str] = set()
        self.gone: set[str] = set()
        while not ending.is_set():
            self.poll(client)
            if self.rng.random() < 0.5:
                self.act(client)
            ending.wait(self.rng.uniform(0, 0.1))
        self.poll(client)

    def poll(self, client: httpx.Client) -> None:
        """A page with its counts, the same at once with its ETag, and the unread ones."""
        self.polls += 1
        answer = self.get(client)
        page, tag = answer.json(), answer.headers["ETag"]
        again = self.get(client, tag)
        self.done["polls"] += 1
        self.compare(page)
        if again.status_code == 304:
            self.done["polls answered 304"] += 1
        else:
            self.check(again.json() != page, "an ETag changes only with its content", f"twice {tag}")
            self.compare(again.json())
        unread = self.get(client, status="unread").json()
        if not unread["has_more"]:
            counted, listed = unread["unread_count"], len(unread["data"])
            self.check(counted == listed, "counts agree with the page", f"{counted} unread, {listed} of them listed")

    def compare(self, page: dict[str, Any]) -> None:
        """Against the page before: new ones come above all others, or below where there was more; only recalled ones go."""
        ids = [one["id"] for one in page["data"]]
        times = [one["sent_at"] for one in page["data"]]
        here, before = set(ids), set(self.shown)
        known = [one for one in ids if one in before]
        kept = [one for one in self.shown if one in here]
        self.check(len(here) == len(ids), "nothing repeats", ids)
        self.check(times == sorted(times, reverse=True) and known == kept, "nothing moves", (times, known[:8]))
        self.check(not self.gone & here, "nothing flickers", f"{self.gone & here} came back")
        self.check(not self.archived & here, "archived is out of the feed", self.archived & here)
        if known:
            first, last = ids.index(known[0]), ids.index(known[-1])
            newest = last - first + 1 == len(known) and (last + 1 == len(ids) or self.had_more)
            self.check(newest, "what comes is newest", f"new ones among or below the others: {ids[first:]}")
        seen_to = self.shown.index(known[-1]) if known and page["has_more"] else len(self.shown)
        self.gone |= set(self.shown[:seen_to]) - here
        self.shown, self.had_more = ids, page["has_more"]
        if not page["has_more"]:
            listed = [sum(one[f"{what}_at"] is None for one in page["data"]) for what in ("read", "seen")]
            counted = [page["unread_count"], page["unseen_count"]]
            self.check(counted == listed, "counts agree with the page", f"{listed} on the page, {counted} counted")

    def act(self, client: httpx.Client) -> None:
        """Does something with a notification that is shown."""
        if not self.shown:
            return
        one = self.rng.choice(self.shown[:20])
        what = self.rng.choice(("read", "read", "unread", "archive", "seen", "read-all"))
        if what in ("seen", "read-all"):
            answer = client.post(f"{_FEED}/{what}", json={"through": one})
        elif what == "archive":
            answer = client.put(f"{_FEED}/{one}/archived")
        else:
            answer = client.request("PUT" if what == "read" else "DELETE", f"{_FEED}/{one}/read")
        if answer.status_code in (409, 503):  # recalled since it was shown; overloaded
            return
        answer.raise_for_status()
        self.done["reads and archives"] += 1
        if what == "archive":
            self.archived.add(one)
            self.shown = [other for other in self.shown if other != one]
        elif what in ("read", "unread"):
            read_at = answer.json()["notification"]["read_at"]
            self.check((read_at is not None) == (what == "read"), "read and unread are kept", f"{what}: {read_at}")


class Listener(Person):
    """Listens to the stream, and compares it with the feed: the same messages, each once, in the same order."""

    def live(self, client: httpx.Client, ending: threading.Event) -> None:
        stream = streams.Client(self.stream_url, self.headers)
        self.check(stream.status == 200, "streams are served", f"{stream.status} {stream.code}")
        if stream.status != 200:
            return
        try:
            stream.wait("ready")
            before = {one["id"] for one in self.get(client).json()["data"]}
            ending.wait()
            self.compare(client, stream, before)
        finally:
            stream.close()

    def compare(self, client: httpx.Client, stream: streams.Client, before: set[str]) -> None:
        feed = self.get(client).json()["data"]
        expected = [one["id"] for one in reversed(feed) if one["id"] not in before]
        has_come(lambda: set(expected) <= set(stream.ids()), seconds=_STREAM_S)
        ids = stream.ids()
        came, missing = [one for one in expected if one in ids], [one for one in expected if one not in ids]
        self.done["streams"] += 1
        self.done["notifications on streams"] += len(ids)
        self.check(not stream.is_over, "streams are served", "the stream ended by itself")
        self.check(len(set(ids)) == len(ids), "each once on a stream", f"{len(ids) - len(set(ids))} twice")
        self.check(
            [one for one in ids if one in expected] == came, "streams keep the order", f"{ids[:5]}, not {came[:5]}"
        )
        complete = not missing or bool(stream.named("sync"))
        self.check(complete, "streams have what the feed has", f"{len(missing)} of {len(expected)} missing")
