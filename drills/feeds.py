"""Checks what people are shown: every page that some users and each platform's administrator get from the inbox API."""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from drills import platforms
from drills.findings import Findings
from drills.recipients import Stored
from drills.tables import Message

_USERS_EACH = 8
_PAGE_SIZES = (7, 40, 100)
_FEED, _HISTORY = "/v1/notifications", "/v1/sent-messages"

# The header of a request of a user of a platform, both by the names that tokens carry.
Bearer = Callable[[str, str], dict[str, str]]


@dataclass(frozen=True)
class Reader:
    """A user whose feed is checked, and the ETag of their first answer."""

    platform: platforms.Platform
    user: str
    etag: str = ""

    def has(self, stored: Stored) -> bool:
        return self.platform.user_ids[self.user] in stored.recipients


class Checker:
    """`choose` readers before the load begins; `check` what they see once nothing is left to do."""

    def __init__(
        self,
        client: httpx.Client,
        bearer: Bearer,
        of: Mapping[str, platforms.Platform],
        *,
        rng: random.Random,
        findings: Findings,
    ) -> None:
        self._client = client
        self._bearer = bearer
        self._platforms = of
        self._rng = rng
        self._findings = findings

    def choose(self) -> list[Reader]:
        """Some users of every platform, administrators among them."""
        readers = []
        for platform in self._platforms.values():
            people = platform.now.active
            administrator = self._rng.choice(platform.now.administrators).id
            for user in sorted({*self._rng.sample(people, min(_USERS_EACH, len(people))), administrator}):
                answer = self._get(Reader(platform, user), _FEED, limit=_PAGE_SIZES[0])
                readers.append(Reader(platform, user, answer.headers["ETag"]))
        return readers

    def check(self, readers: Sequence[Reader], stored: Sequence[Stored]) -> None:
        for reader in readers:
            self._check_feed(reader, [one.message for one in reversed(stored) if reader.has(one)])
        for platform in self._platforms.values():
            administrator = next(one.id for one in platform.now.administrators if one.administers_all)
            messages = [one.message for one in reversed(stored) if one.post.platform is platform]
            self._check_history(Reader(platform, administrator), messages)

    def _check_feed(self, reader: Reader, addressed: Sequence[Message]) -> None:
        check, name = self._findings.check, f"{reader.user} of {reader.platform.key}"
        expected = [str(message.id) for message in addressed if not message.is_recalled]
        recalled = [message for message in reversed(addressed) if message.is_recalled]
        feed, archived = self._pages(reader, _FEED), self._pages(reader, _FEED, status="archived")
        ids, put_away = [one["id"] for one in feed], {one["id"] for one in archived}
        shown = ids == [one for one in expected if one not in put_away] and put_away <= set(expected)
        check(shown, "feeds show what is stored", f"{name}: {_difference(expected, [*ids, *put_away])}")
        times = [one["sent_at"] for one in feed]
        in_order = all(newer > older for newer, older in itertools.pairwise(times))
        check(in_order, "newest first, each once", f"{name}: {times}")
        counts = self._get(reader, f"{_FEED}/counts").json()
        counted = {f"un{what}_count": sum(one[f"{what}_at"] is None for one in feed) for what in ("read", "seen")}
        asked = [one["acknowledgement"] for one in feed if one["acknowledgement"]]
        counted["to_acknowledge_count"] = sum(one["acknowledged_at"] is None for one in asked)
        check(counts == counted, "counts equal feeds", f"{name}: {counts}, and the feed {counted}")
        for one in feed[:1] + feed[1:][-1:]:
            alone = self._get(reader, f"{_FEED}/{one['id']}").json()
            check(alone == one, "feeds show what is stored", f"{name}: alone it is {alone}")
        for message in recalled[:3]:
            status = self._get(reader, f"{_FEED}/{message.id}", ok=404).status_code
            check(status == 404, "recalled is gone", f"{name} is shown {message.id}")
        self._check_etag(reader, name, changed=bool(feed), maybe=bool(recalled))
        self._findings.feeds += 1

    def _check_etag(self, reader: Reader, name: str, *, changed: bool, maybe: bool) -> None:
        """The first ETag was of an empty feed. `changed`: the feed is not empty now. `maybe`: it was not, before a recall."""
        answer = self._get(reader, _FEED, etag=reader.etag, limit=_PAGE_SIZES[0])
        again = self._get(reader, _FEED, etag=answer.headers["ETag"], limit=_PAGE_SIZES[0])
        right = answer.status_code == 200 if changed else answer.status_code == 304 or maybe
        what = f"{name}: {answer.status_code} for the first ETag, changed: {changed}; then {again.status_code}"
        self._findings.check(right and again.status_code == 304, "304 only for what is unchanged", what)

    def _check_history(self, administrator: Reader, stored: Sequence[Message]) -> None:
        """A platform's administrator sees every message, with the numbers of rows."""
        check = self._findings.check
        shown = self._pages(administrator, _HISTORY)
        expected, ids = [str(message.id) for message in stored], [one["id"] for one in shown]
        what = f"{administrator.platform.key}: {_difference(expected, ids)}"
        check(ids == expected, "the history is whole", what)
        by_id = {one["id"]: one for one in shown}
        for message in stored:
            if one := by_id.get(str(message.id)):
                count = message.entries.count
                status = "recalled" if message.is_recalled else "sent"
                right = (one["status"], one["delivered_count"]) == (status, count)
                right = right and (message.is_recalled or one["recipient_count"] == count)
                what = f"{message.id}, {status}, has {count} entries: {one}"
                check(right, "the history is true", what)

    def _pages(self, reader: Reader, path: str, **query: Any) -> list[Any]:
        """What is on all pages."""
        query["limit"] = self._rng.choice(_PAGE_SIZES)
        found: list[Any] = []
        while True:
            page = self._get(reader, path, **query).json()
            found += page["data"]
            if not page["has_more"]:
                return found
            query["after"] = page["next_cursor"]

    def _get(self, reader: Reader, path: str, *, etag: str = "", ok: int = 200, **query: Any) -> httpx.Response:
        headers = self._bearer(reader.user, reader.platform.key) | ({"If-None-Match": etag} if etag else {})
        answer = self._client.get(path, params=query, headers=headers)
        if answer.status_code not in (ok, 200, 304):
            raise AssertionError(f"{path} answered {answer.status_code} to {reader.user}: {answer.text[:200]}")
        return answer


def _difference(expected: Sequence[str], shown: Sequence[str]) -> str:
    missing, beyond = set(expected) - set(shown), set(shown) - set(expected)
    if missing or beyond:
        return f"{len(missing)} missing ({list(missing)[:2]}), {len(beyond)} too many ({list(beyond)[:2]})"
    return "in another order, or one of them twice"
