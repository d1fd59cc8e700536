"""What must be true of everything that people are shown: asked through the inbox API as they would, page by page."""

import itertools
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from drills import world
from drills.findings import Findings
from drills.tables import Message
from drills.traffic import Post

_USERS_EACH = 8
_PAGE_SIZES = (7, 40, 100)


# The header of a request of a user of a platform, both by the names that tokens carry.
Bearer = Callable[[str, str], dict[str, str]]


@dataclass(frozen=True)
class Reader:
    """A user whose bell is watched, and the ETag of what it showed at first."""

    platform: world.Platform
    user: str
    etag: str


class Bells:
    """Asks as users and administrators, through a client of the inbox API: some users once before, and for all they see afterwards."""

    def __init__(
        self, client: httpx.Client, bearer: Bearer, the_world: world.World, *, rng: random.Random, findings: Findings
    ) -> None:
        self._client = client
        self._bearer = bearer
        self._world = the_world
        self._rng = rng
        self._findings = findings

    def choose(self) -> list[Reader]:
        """Some users of every platform, administrators among them."""
        readers = []
        for platform in self._world.platforms:
            people = [person.id for person in platform.now.people if person.status == "active"]
            administrators = [one.id for one in platform.now.administrators]
            chosen = {*self._rng.sample(people, min(_USERS_EACH, len(people))), self._rng.choice(administrators)}
            for user in sorted(chosen):
                answer = self._get(platform, user, "/v1/notifications", limit=_PAGE_SIZES[0])
                readers.append(Reader(platform, user, answer.headers["ETag"]))
        return readers

    def check(self, readers: Sequence[Reader], matched: Sequence[tuple[Post, Message]]) -> None:
        """Compares every page that these users and each platform's administrator are shown with what there is."""
        for reader in readers:
            self._check_reader(reader, [(post, one) for post, one in matched if post.platform is reader.platform])
        for platform in self._world.platforms:
            self._check_history(platform, [(post, one) for post, one in matched if post.platform is platform])

    def _check_reader(self, reader: Reader, matched: Sequence[tuple[Post, Message]]) -> None:
        findings, name = self._findings, f"{reader.user} of {reader.platform.key}"
        expected = [
            message.id for post, message in matched if not message.is_recalled and _reaches(reader, post, message)
        ]
        expected.reverse()  # newest first
        shown = self._pages(reader, "all")
        archived = self._pages(reader, "archived")
        ids = [uuid.UUID(one["id"]) for one in shown]
        put_away = {uuid.UUID(one["id"]) for one in archived}
        findings.expect(
            ids == [one for one in expected if one not in put_away] and put_away <= set(expected),
            "feeds show what there is",
            lambda: f"{name}: {_difference(expected, [*ids, *put_away])}",
        )
        times = [one["sent_at"] for one in shown]
        in_order = all(newer > older for newer, older in itertools.pairwise(times))
        findings.expect(in_order, "newest first, each once", lambda: f"{name}: {times}")
        counts = self._get(reader.platform, reader.user, "/v1/notifications/counts").json()
        counted = {
            "unread_count": sum(one["read_at"] is None for one in shown),
            "unseen_count": sum(one["seen_at"] is None for one in shown),
        }
        findings.expect(counts == counted, "counts equal feeds", lambda: f"{name}: {counts}, and the feed {counted}")
        for one in (shown[:1] + shown[-1:]) if shown else []:
            alone = self._get(reader.platform, reader.user, f"/v1/notifications/{one['id']}").json()
            findings.expect(alone == one, "feeds show what there is", lambda a=alone: f"{name}: alone it is {a}")  # type: ignore[misc]
        recalled = [message for post, message in matched if message.is_recalled and _reaches(reader, post, message)]
        for message in recalled[:3]:
            answer = self._get(reader.platform, reader.user, f"/v1/notifications/{message.id}", ok=404)
            findings.expect(answer.status_code == 404, "recalled is gone", lambda m=message: f"{name} is shown {m.id}")  # type: ignore[misc]
        self._check_etag(reader, name, changed=bool(shown or archived), maybe=bool(recalled))
        findings.feeds += 1

    def _check_etag(self, reader: Reader, name: str, *, changed: bool, maybe: bool) -> None:
        path, query = "/v1/notifications", {"limit": _PAGE_SIZES[0]}
        since_before = self._get(reader.platform, reader.user, path, etag=reader.etag, **query)
        status = since_before.status_code
        self._findings.expect(
            status == 200 if changed else status == 304 or maybe,
            "304 only for what is as it was",
            lambda: f"{name}: {status} for the ETag of before, something new: {changed}",
        )
        now = self._get(reader.platform, reader.user, path, etag=since_before.headers["ETag"], **query)
        self._findings.expect(
            now.status_code == 304, "304 only for what is as it was", lambda: f"{name}: {now.status_code} at once"
        )

    def _check_history(self, platform: world.Platform, matched: Sequence[tuple[Post, Message]]) -> None:
        """A platform's administrator sees every message, with the numbers of rows."""
        administrator = next(one.id for one in platform.now.administrators if one.everyone)
        told = self._pages(Reader(platform, administrator, ""), None)
        stored = [message for _, message in matched][::-1]
        self._findings.expect(
            [uuid.UUID(one["id"]) for one in told] == [message.id for message in stored],
            "the history is whole",
            lambda: f"{platform.key}: {_difference([m.id for m in stored], [uuid.UUID(one['id']) for one in told])}",
        )
        by_id: Mapping[uuid.UUID, Any] = {uuid.UUID(one["id"]): one for one in told}
        for message in stored:
            if message.id not in by_id:
                continue
            one = by_id[message.id]
            status = "recalled" if message.is_recalled else "sent"
            self._findings.expect(
                one["status"] == status and one["delivered_count"] == message.entries.count,
                "the history tells the truth",
                lambda o=one, m=message: f"{m.id}: {o['status']}, {o['delivered_count']} of {m.entries.count} entries",  # type: ignore[misc]
            )
            self._findings.expect(
                message.is_recalled or one["recipient_count"] == message.entries.count,
                "the history tells the truth",
                lambda o=one, m=message: f"{m.id}: {o['recipient_count']} recipients, {m.entries.count} entries",  # type: ignore[misc]
            )

    def _pages(self, reader: Reader, status: str | None) -> list[Any]:
        """Every page of a feed, or of the history where there is no status."""
        path = "/v1/sent-messages" if status is None else "/v1/notifications"
        query: dict[str, Any] = {"limit": self._rng.choice(_PAGE_SIZES)} | ({"status": status} if status else {})
        found: list[Any] = []
        while True:
            page = self._get(reader.platform, reader.user, path, **query).json()
            found += page["data"]
            if not page["has_more"]:
                return found
            query["after"] = page["next_cursor"]

    def _get(
        self, platform: world.Platform, user: str, path: str, *, etag: str | None = None, ok: int = 200, **query: Any
    ) -> httpx.Response:
        headers = self._bearer(user, platform.key) | ({"If-None-Match": etag} if etag else {})
        answer = self._client.get(path, params=query, headers=headers)
        self._findings.requests += 1
        if answer.status_code not in (ok, 200, 304):
            raise AssertionError(
                f"{path} answered {answer.status_code} to {user} of {platform.key}: {answer.text[:200]}"
            )
        return answer


def _reaches(reader: Reader, post: Post, message: Message) -> bool:
    return reader.user in reader.platform.at(message.directory_version).of(post.audience)


def _difference(expected: Sequence[uuid.UUID], shown: Sequence[uuid.UUID]) -> str:
    missing, beyond = (
        [one for one in expected if one not in set(shown)],
        [one for one in shown if one not in set(expected)],
    )
    if missing or beyond:
        return f"{len(missing)} missing ({missing[:2]}), {len(beyond)} too many ({beyond[:2]})"
    return "in another order, or one of them twice"
