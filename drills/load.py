"""The load generator: administrators who post messages and follow them up, and recipients who read them.

A drill may post by itself too: `draft` or `follow_up`, then `attempt`, and it is remembered like all others.
"""

import contextlib
import functools
import itertools
import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from drills import background, choices, platforms
from drills.hub import Hub
from drills.posts import ACCEPTED, Attempt, Post, Reading

_TIMEOUT_S = 6.0
# Between two attempts of the same POST.
_PAUSE_S = 0.2
# A message is followed up while it is one of the newest; so many of its recipients read it before and meanwhile.
_NEWEST = 40
_READERS_BEFORE, _READERS_BESIDE = 2, 4


@dataclass(frozen=True)
class Rate:
    """So many messages per second by so many threads; `share_of_everyone` of those who may post to everyone do."""

    per_second: float = 8.0
    threads: int = 4
    share_of_everyone: float = 0.15


class LoadGenerator:
    """`rng` decides what is posted; when an answer comes decides what is asked next, so only the choices can be repeated.

    `reserved`: users who do not read here, because a drill has them read.
    """

    def __init__(self, hub: Hub, of: Mapping[str, platforms.Platform], rng: random.Random, *, rate: Rate) -> None:
        self.posts: list[Post] = []
        self.reserved: frozenset[str] = frozenset()
        self._hub = hub
        self._platforms = dict(of)
        self._rate = rate
        self._rng = rng
        self._lock = threading.Lock()
        self._attempts: list[Attempt] = []
        self._tokens: dict[tuple[str, str], dict[str, str]] = {}

    def works(self) -> list[background.Work]:
        """What keeps posting, one for each thread."""
        seeds = [self._rng.getrandbits(64) for _ in range(self._rate.threads)]
        return [functools.partial(self._keep_posting, random.Random(seed)) for seed in seeds]

    def settle(self, *, seconds: float = 60.0) -> list[Post]:
        """Repeats posts with a key until they are answered, and returns those that are not."""
        deadline = time.monotonic() + seconds
        for post in [post for post in self.posts if not post.is_settled]:
            self.post_until_settled(post, seconds=deadline - time.monotonic())
        return [post for post in self.posts if not post.is_settled]

    def draft(
        self,
        rng: random.Random,
        *,
        platform: str | None = None,
        audience: platforms.Audience | None = None,
        key: bool | None = None,
    ) -> Post:
        """A message to be posted, remembered from now on. With an audience it comes from a platform administrator."""
        its = self._platforms[platform or rng.choice(list(self._platforms))]
        administrators = its.now.administrators
        if audience is None:
            sender = rng.choice(administrators)
            audience = choices.audience(rng, its.now, sender, share_of_everyone=self._rate.share_of_everyone)
        else:
            sender = rng.choice([one for one in administrators if one.administers_all])
        return self._remember(rng, its, sender, audience, key=rng.random() < 0.7 if key is None else key)

    def follow_up(self, rng: random.Random, earlier: Post, *, key: bool = True) -> Post:
        """A message to those who have not read an accepted one. It comes from an administrator who may address each of its scopes."""
        senders = [one for one in earlier.platform.now.administrators if one.may_address(earlier.audience)]
        post = self._remember(rng, earlier.platform, rng.choice(senders), earlier.audience, key=key)
        post.follows = earlier
        return post

    def attempt(self, post: Post, *, client: httpx.Client | None = None, url: str | None = None) -> Attempt:
        """Posts it once and remembers the outcome, through another address where `url` says so."""
        headers = self.headers(post) | ({"Idempotency-Key": post.key} if post.key else {})
        began = time.monotonic()
        with _given_or_new(client) as connection:
            try:
                answer = connection.post(
                    f"{url or self._hub.apis.compose_url}/v1/messages", json=post.content, headers=headers
                )
            except httpx.TransportError as error:
                attempt = Attempt(began, time.monotonic() - began, None, reason=type(error).__name__)
            else:
                message_id = uuid.UUID(answer.json()["id"]) if answer.status_code == ACCEPTED else None
                reason = "" if message_id else answer.text[:200]
                attempt = Attempt(began, time.monotonic() - began, answer.status_code, message_id, reason)
        with self._lock:
            post.attempts.append(attempt)
            self._attempts.append(attempt)
        return attempt

    def post_until_settled(self, post: Post, *, seconds: float = 30.0, client: httpx.Client | None = None) -> None:
        """Posts it again and again until it is settled, or the time is over."""
        deadline = time.monotonic() + seconds
        with _given_or_new(client) as connection:
            while not post.is_settled and time.monotonic() < deadline:
                self.attempt(post, client=connection)
                if not post.is_settled:
                    time.sleep(_PAUSE_S)

    def recall(self, post: Post, *, client: httpx.Client | None = None) -> int | None:
        """Recalls an accepted message as its sender; the status of the answer, None without one."""
        status: int | None = None
        with _given_or_new(client) as connection, contextlib.suppress(httpx.TransportError):
            url = f"{self._hub.apis.compose_url}/v1/messages/{post.message_id}"
            status = connection.delete(url, headers=self.headers(post)).status_code
        with self._lock:
            post.recalls.append(status)
        return status

    def read(self, post: Post, user: str, *, client: httpx.Client) -> None:
        """Marks an accepted message as read, as a user who may be one of its recipients, and remembers the outcome."""
        url = f"{self._hub.apis.inbox_url}/v1/notifications/{post.message_id}/read"
        began, read_at = time.monotonic(), None
        with contextlib.suppress(httpx.TransportError):
            answer = client.put(url, headers=self.bearer(user, post.platform.key))
            if answer.status_code == 200:
                read_at = datetime.fromisoformat(answer.json()["notification"]["read_at"])
        with self._lock:
            post.readings.append(Reading(user, began, time.monotonic() - began, read_at))

    def headers(self, post: Post) -> dict[str, str]:
        return self.bearer(post.sender, post.platform.key)

    def bearer(self, user: str, platform: str) -> dict[str, str]:
        """The header of a request of this user."""
        if (user, platform) not in self._tokens:
            self._tokens[user, platform] = self._hub.bearer(user, platform)
        return self._tokens[user, platform]

    def slowest(self, *, since: float) -> float:
        """The longest that an accepted POST took since then (monotonic clock), in seconds; 0 where there was none."""
        with self._lock:
            attempts = [*self._attempts]
        return max((one.took for one in attempts if one.status == ACCEPTED and one.began >= since), default=0.0)

    def _keep_posting(self, rng: random.Random, ending: threading.Event) -> None:
        """Every fourth message is a follow-up, beginning with the second: a drill may be over soon."""
        pause = self._rate.threads / self._rate.per_second
        numbers = itertools.count(1)
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            while not ending.wait(rng.expovariate(1 / pause)):
                earlier = self._choose_earlier(rng) if next(numbers) % 4 == 2 else None
                self._post_one(rng, client, ending, earlier)

    def _post_one(
        self, rng: random.Random, client: httpx.Client, ending: threading.Event, earlier: Post | None
    ) -> None:
        """Now and then twice at once, again after its acceptance, or recalled."""
        if earlier is None:
            post, beside = self.draft(rng), []
        else:
            post = self.follow_up(rng, earlier, key=rng.random() < 0.7)
            beside = [self._reading(rng, earlier, client)]
        twice, again, recalled = (rng.random() < share for share in (0.08, 0.05, 0.04))
        if post.key is not None and twice:
            beside.append(lambda _: self.attempt(post))
        with background.running(*beside):
            self.attempt(post, client=client)
        while not post.is_settled and not ending.wait(_PAUSE_S):
            self.attempt(post, client=client)
        if post.key is not None and post.is_accepted and again:
            self.attempt(post, client=client)
        if post.is_accepted and recalled:
            ending.wait(rng.random() * 0.5)
            self.recall(post, client=client)

    def _choose_earlier(self, rng: random.Random) -> Post | None:
        """A message to be followed up; None where there is none yet."""
        with self._lock:
            found = [one for one in self.posts[-_NEWEST:] if one.is_accepted and not one.recalls]
        return rng.choice(found) if found else None

    def _reading(self, rng: random.Random, post: Post, client: httpx.Client) -> background.Work:
        """Has some of its recipients read it now, and returns the work of others who read it beside its follow-up."""
        people = choices.people(rng, post.platform.now, post.audience, most=_READERS_BEFORE + _READERS_BESIDE)
        readers = [one for one in people if one not in self.reserved]
        for user in readers[:_READERS_BEFORE]:
            self.read(post, user, client=client)

        def work(_ending: threading.Event) -> None:
            for user in readers[_READERS_BEFORE:]:
                self.read(post, user, client=client)

        return work

    def _remember(
        self,
        rng: random.Random,
        platform: platforms.Platform,
        sender: platforms.Person,
        audience: platforms.Audience,
        *,
        key: bool,
    ) -> Post:
        with self._lock:
            number = len(self.posts) + 1
            post = Post(
                platform=platform,
                sender=sender.id,
                title=f"Notice {number} {rng.getrandbits(32):08x}",
                body=" ".join(["What it is about."] * rng.choice((1, 1, 3, 40))),
                audience=audience,
                key=f"key-{number}-{rng.getrandbits(64):016x}" if key else None,
            )
            self.posts.append(post)
        return post


@contextlib.contextmanager
def _given_or_new(client: httpx.Client | None) -> Iterator[httpx.Client]:
    if client is not None:
        yield client
        return
    with httpx.Client(timeout=_TIMEOUT_S) as new:
        yield new
