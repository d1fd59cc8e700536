"""The load generator: administrators who post messages, and what each POST asked and was answered.

A drill may post by itself too: `draft`, then `attempt`, and it is remembered like all others.
"""

import contextlib
import functools
import math
import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from drills import background, platforms
from drills.hub import Hub

ACCEPTED = 202
_TIMEOUT_S = 6.0
# Between two attempts of the same POST.
_PAUSE_S = 0.2


@dataclass(frozen=True)
class Attempt:
    """One request. `status` is None when no answer came; times are this process's monotonic clock, in seconds."""

    began: float
    took: float
    status: int | None
    message_id: uuid.UUID | None = None
    reason: str = ""

    @property
    def is_rejected(self) -> bool:
        """Whether the answer says that this message will never be accepted."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429


@dataclass(eq=False)
class Post:
    """One message that an administrator wanted to send, found again by its title; several `attempts` only with a key."""

    platform: platforms.Platform
    sender: str
    title: str
    body: str
    audience: platforms.Audience
    key: str | None
    attempts: list[Attempt] = field(default_factory=list)
    recalls: list[int | None] = field(default_factory=list)

    @property
    def accepted_ids(self) -> set[uuid.UUID]:
        return {one.message_id for one in self.attempts if one.message_id is not None}

    @property
    def message_id(self) -> uuid.UUID:
        """The id of the accepted message. Raises `ValueError` where there is none, or more than one."""
        (found,) = self.accepted_ids
        return found

    @property
    def began(self) -> float:
        """Nothing of it can have been stored before."""
        return min(one.began for one in self.attempts)

    @property
    def accepted_by(self) -> float:
        """When it was stored at the latest; infinity without an answer that says so."""
        return min((one.began + one.took for one in self.attempts if one.status == ACCEPTED), default=math.inf)

    @property
    def is_accepted(self) -> bool:
        return any(one.status == ACCEPTED for one in self.attempts)

    @property
    def is_rejected(self) -> bool:
        """Every answer was an error of the client's: nothing may be stored of it."""
        return bool(self.attempts) and all(one.status is not None and 400 <= one.status < 500 for one in self.attempts)

    @property
    def is_settled(self) -> bool:
        """It is not asked for again: accepted, rejected, or without a key and so not to be repeated."""
        return self.key is None or self.is_accepted or (bool(self.attempts) and self.attempts[-1].is_rejected)


@dataclass(frozen=True)
class Rate:
    """So many messages per second by so many threads; `share_of_everyone` of those who may post to everyone do."""

    per_second: float = 8.0
    threads: int = 4
    share_of_everyone: float = 0.15


class LoadGenerator:
    """`rng` decides what is posted; when an answer comes decides what is asked next, so only the choices can be repeated."""

    def __init__(self, hub: Hub, of: Mapping[str, platforms.Platform], rng: random.Random, *, rate: Rate) -> None:
        self.posts: list[Post] = []
        self._hub = hub
        self._platforms = dict(of)
        self._rate = rate
        self._rng = rng
        self._lock = threading.Lock()
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
        with self._lock:
            number = len(self.posts) + 1
            its = self._platforms[platform or rng.choice(list(self._platforms))]
            administrators = its.now.administrators
            if audience is None:
                sender = rng.choice(administrators)
                audience = self._audience(rng, its.now, sender)
            else:
                sender = rng.choice([one for one in administrators if one.administers_all])
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

    def attempt(self, post: Post, *, client: httpx.Client | None = None, url: str | None = None) -> Attempt:
        """Posts it once and remembers the outcome, through another address where `url` says so."""
        headers = self.headers(post) | ({"Idempotency-Key": post.key} if post.key else {})
        document = {"title": post.title, "body": post.body, "audience": dict(post.audience)}
        began = time.monotonic()
        with _given_or_new(client) as connection:
            try:
                answer = connection.post(
                    f"{url or self._hub.apis.compose_url}/v1/messages", json=document, headers=headers
                )
            except httpx.TransportError as error:
                attempt = Attempt(began, time.monotonic() - began, None, reason=type(error).__name__)
            else:
                message_id = uuid.UUID(answer.json()["id"]) if answer.status_code == ACCEPTED else None
                reason = "" if message_id else answer.text[:200]
                attempt = Attempt(began, time.monotonic() - began, answer.status_code, message_id, reason)
        with self._lock:
            post.attempts.append(attempt)
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
            attempts = [one for post in self.posts for one in post.attempts]
        return max((one.took for one in attempts if one.status == ACCEPTED and one.began >= since), default=0.0)

    def _keep_posting(self, rng: random.Random, ending: threading.Event) -> None:
        pause = self._rate.threads / self._rate.per_second
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            while not ending.wait(rng.expovariate(1 / pause)):
                self._post_one(rng, client, ending)

    def _post_one(self, rng: random.Random, client: httpx.Client, ending: threading.Event) -> None:
        """Now and then twice at once, again after its acceptance, or recalled."""
        post = self.draft(rng)
        twice, again, recalled = (rng.random() < share for share in (0.08, 0.05, 0.04))
        with background.running(*[lambda _: self.attempt(post)] * (post.key is not None and twice)):
            self.attempt(post, client=client)
        while not post.is_settled and not ending.wait(_PAUSE_S):
            self.attempt(post, client=client)
        if post.key is not None and post.is_accepted and again:
            self.attempt(post, client=client)
        if post.is_accepted and recalled:
            ending.wait(rng.random() * 0.5)
            self.recall(post, client=client)

    def _audience(
        self, rng: random.Random, directory: platforms.Directory, sender: platforms.Person
    ) -> platforms.Audience:
        if sender.administers_all:
            if rng.random() < self._rate.share_of_everyone:
                return platforms.EVERYONE
            organisations, clinics = list(directory.organisations), list(directory.clinics)
        else:
            organisations = sender.administers("organisation")
            beneath = [clinic for organisation in organisations for clinic in directory.clinics_of(organisation)]
            clinics = [*sender.administers("clinic"), *beneath]
            if rng.random() < 0.04:
                return platforms.EVERYONE  # beyond their reach: to be rejected
        some = _some(rng, organisations, 2) if rng.random() < 0.3 else []
        other = _some(rng, clinics, 4) if rng.random() < 0.8 or not some else []
        return {"organisations": some, "clinics": other}


@contextlib.contextmanager
def _given_or_new(client: httpx.Client | None) -> Iterator[httpx.Client]:
    if client is not None:
        yield client
        return
    with httpx.Client(timeout=_TIMEOUT_S) as new:
        yield new


def _some(rng: random.Random, scopes: list[str], most: int) -> list[str]:
    return rng.sample(scopes, min(len(scopes), rng.randint(1, most))) if scopes else []
