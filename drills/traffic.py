"""Administrators who post all the while, and remember of each POST what they asked and what they were answered.

The threads end with `finish`. A drill may post by itself too: `draft`, then `attempt`, and it is remembered like all others.
"""

import contextlib
import math
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

from drills import world
from drills.hub import Hub

ACCEPTED = 202
_TIMEOUT_S = 6.0
# Between two attempts of the same POST, and while nothing listens.
_PAUSE_S = 0.2


@dataclass(frozen=True)
class Attempt:
    """One request. `status` is None when no answer came; times are this process's monotonic clock, in seconds."""

    began: float
    took: float
    status: int | None
    message_id: uuid.UUID | None = None
    reason: str = ""


@dataclass(eq=False)
class Post:
    """One message somebody wanted to send, found again by its title; `attempts` more than one only with a key."""

    platform: world.Platform
    sender: str
    title: str
    body: str
    audience: world.Audience
    key: str | None
    attempts: list[Attempt] = field(default_factory=list)
    recalls: list[int | None] = field(default_factory=list)

    @property
    def accepted_ids(self) -> set[uuid.UUID]:
        return {one.message_id for one in self.attempts if one.message_id is not None}

    @property
    def began(self) -> float:
        """Before then nothing of it can have been stored."""
        return min(one.began for one in self.attempts)

    @property
    def accepted_by(self) -> float:
        """When it was stored at the latest; infinity where nobody was told that it was."""
        return min((one.began + one.took for one in self.attempts if one.status == ACCEPTED), default=math.inf)

    @property
    def is_accepted(self) -> bool:
        return any(one.status == ACCEPTED for one in self.attempts)

    @property
    def is_refused(self) -> bool:
        """Every answer said that it will never be: nothing may be left of it."""
        return bool(self.attempts) and all(one.status is not None and 400 <= one.status < 500 for one in self.attempts)

    @property
    def is_settled(self) -> bool:
        """Nobody will ask again: accepted, refused, or without a key and so not to be repeated."""
        return self.key is None or self.is_accepted or (bool(self.attempts) and _is_refusal(self.attempts[-1]))


@dataclass(frozen=True)
class Load:
    """How much is posted: so many messages per second by so many threads; `share_of_everyone` of those who may go to everyone."""

    per_second: float = 8.0
    threads: int = 4
    share_of_everyone: float = 0.15


class Traffic:
    """`rng` decides what is posted; when an answer comes decides what is asked next, so only the choices can be repeated."""

    def __init__(self, hub: Hub, the_world: world.World, rng: random.Random, *, secret: str, load: Load) -> None:
        self.hub = hub
        self.world = the_world
        self.posts: list[Post] = []
        self._secret = secret
        self._load = load
        self._seeds = rng
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self._tokens: dict[tuple[str, str], str] = {}

    def start(self) -> None:
        for _ in range(self._load.threads):
            rng = random.Random(self._seeds.getrandbits(64))
            thread = threading.Thread(target=self._guarded, args=(self._keep_posting, rng), daemon=True)
            thread.start()
            self._threads.append(thread)

    def finish(self, *, seconds: float = 60.0) -> list[Post]:
        """Ends the stream. Whoever has a key and no answer asks until there is one; those without are returned."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if self._failures:
            raise self._failures[0]
        deadline = time.monotonic() + seconds
        with self._client() as client:
            for post in [post for post in self.posts if not post.is_settled]:
                while not post.is_settled and time.monotonic() < deadline:
                    self.attempt(post, client=client)
                    if not post.is_settled:
                        time.sleep(_PAUSE_S)
        return [post for post in self.posts if not post.is_settled]

    def draft(
        self,
        rng: random.Random,
        *,
        platform: str | None = None,
        audience: world.Audience | None = None,
        key: bool | None = None,
    ) -> Post:
        """A message nobody has posted yet, remembered from now on. With an audience it comes from a platform administrator."""
        with self._lock:
            number = len(self.posts) + 1
            its = self.world.platform(platform) if platform else rng.choice(self.world.platforms)
            administrators = its.now.administrators
            if audience is None:
                sender = rng.choice(administrators)
                audience = self._audience(rng, its.now, sender)
            else:
                sender = rng.choice([one for one in administrators if one.everyone])
            with_key = rng.random() < 0.7 if key is None else key
            post = Post(
                platform=its,
                sender=sender.id,
                title=f"Notice {number} {rng.getrandbits(32):08x}",
                body=" ".join(["What it is about."] * rng.choice((1, 1, 3, 40))),
                audience=audience,
                key=f"key-{number}-{rng.getrandbits(64):016x}" if with_key else None,
            )
            self.posts.append(post)
        return post

    def attempt(
        self, post: Post, *, client: httpx.Client | None = None, url: str | None = None, timeout: float = _TIMEOUT_S
    ) -> Attempt:
        """Posts it once and remembers the outcome, through another address where `url` says so."""
        with _given_or_new(client) as connection:
            attempt = self._attempt(connection, post, url or self.hub.apis.compose_url, timeout)
        with self._lock:
            post.attempts.append(attempt)
        return attempt

    def insist(self, post: Post, *, seconds: float = 30.0) -> None:
        """Posts it again and again until it is settled, or the time is over."""
        deadline = time.monotonic() + seconds
        with self._client() as client:
            while not post.is_settled and time.monotonic() < deadline:
                self.attempt(post, client=client)
                if not post.is_settled:
                    time.sleep(_PAUSE_S)

    def recall(self, post: Post, *, client: httpx.Client | None = None) -> int | None:
        """Recalls an accepted message as its sender; the status of the answer, None without one."""
        (message_id,) = post.accepted_ids
        status: int | None = None
        with _given_or_new(client) as connection:
            try:
                answer = connection.delete(
                    f"{self.hub.apis.compose_url}/v1/messages/{message_id}", headers=self.headers(post)
                )
                status = answer.status_code
            except httpx.TransportError:
                pass
        with self._lock:
            post.recalls.append(status)
        return status

    def headers(self, post: Post) -> dict[str, str]:
        return self.bearer(post.sender, post.platform.key)

    def bearer(self, user: str, platform: str) -> dict[str, str]:
        """The header of a request of this user."""
        token = self._tokens.get((user, platform))
        if token is None:
            claims = {"sub": user, "platform": platform, "aud": "message-hub", "exp": int(time.time()) + 86_400}
            token = self._tokens[user, platform] = jwt.encode(claims, self._secret, algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}

    def slowest(self, *, since: float, until: float | None = None) -> float:
        """The longest that an accepted POST took in a span of the monotonic clock, in seconds; 0 where there was none."""
        end = time.monotonic() if until is None else until
        with self._lock:
            took = [
                one.took
                for post in self.posts
                for one in post.attempts
                if one.status == ACCEPTED and since <= one.began and one.began + one.took <= end
            ]
        return max(took, default=0.0)

    def _keep_posting(self, rng: random.Random) -> None:
        pause = self._load.threads / self._load.per_second
        with self._client() as client:
            while not self._ending.wait(rng.expovariate(1 / pause)):
                self._post_one(rng, client)

    def _post_one(self, rng: random.Random, client: httpx.Client) -> None:
        post = self.draft(rng)
        twice, again, recalled = (rng.random() < share for share in (0.08, 0.05, 0.04))
        if post.key is not None and twice:
            second = threading.Thread(target=self._guarded, args=(lambda _rng: self.attempt(post), rng))
            second.start()
            self.attempt(post, client=client)
            second.join()
        else:
            self.attempt(post, client=client)
        while not post.is_settled and not self._ending.wait(_PAUSE_S):
            self.attempt(post, client=client)
        if post.key is not None and post.is_accepted and again:
            self.attempt(post, client=client)
        if post.is_accepted and recalled:
            self._ending.wait(rng.random() * 0.5)
            self.recall(post, client=client)

    def _attempt(self, client: httpx.Client, post: Post, url: str, timeout: float) -> Attempt:
        headers = {**self.headers(post), **({"Idempotency-Key": post.key} if post.key else {})}
        document = {"title": post.title, "body": post.body, "audience": dict(post.audience)}
        began = time.monotonic()
        try:
            answer = client.post(f"{url}/v1/messages", json=document, headers=headers, timeout=timeout)
        except httpx.TransportError as error:
            return Attempt(began, time.monotonic() - began, None, reason=type(error).__name__)
        took = time.monotonic() - began
        if answer.status_code == ACCEPTED:
            return Attempt(began, took, ACCEPTED, uuid.UUID(answer.json()["id"]))
        return Attempt(began, took, answer.status_code, reason=_code(answer))

    def _audience(self, rng: random.Random, directory: world.Directory, sender: world.Administrator) -> world.Audience:
        if sender.everyone:
            if rng.random() < self._load.share_of_everyone:
                return world.EVERYONE
            organisations, clinics = list(directory.organisations), list(directory.clinics)
        else:
            organisations = list(sender.organisations)
            beneath = [clinic for organisation in organisations for clinic in directory.clinics_of(organisation)]
            clinics = [*sender.clinics, *beneath]
            if rng.random() < 0.04:
                return world.EVERYONE  # beyond their reach: to be refused
        some = _some(rng, organisations, 2) if rng.random() < 0.3 else []
        other = _some(rng, clinics, 4) if rng.random() < 0.8 or not some else []
        return {"organisations": some, "clinics": other}

    def _guarded(self, work: Callable[[random.Random], object], rng: random.Random) -> None:
        try:
            work(rng)
        except BaseException as error:
            self._failures.append(error)

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=_TIMEOUT_S)


@contextlib.contextmanager
def _given_or_new(client: httpx.Client | None) -> Iterator[httpx.Client]:
    if client is not None:
        yield client
        return
    with httpx.Client(timeout=_TIMEOUT_S) as new:
        yield new


def _some(rng: random.Random, scopes: list[str], most: int) -> list[str]:
    return rng.sample(scopes, min(len(scopes), rng.randint(1, most))) if scopes else []


def _is_refusal(attempt: Attempt) -> bool:
    return attempt.status is not None and 400 <= attempt.status < 500 and attempt.status != 429


def _code(answer: httpx.Response) -> str:
    try:
        problem: dict[str, Any] = answer.json()
    except ValueError:
        return answer.text[:80]
    return str(problem.get("code", ""))
