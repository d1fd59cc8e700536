"""Runs the proof of `message-hub verify` while faults are made, and once more afterwards.

A recipient whose entry is only not written yet must never be called missing.
"""

import contextlib
import random
import threading
import time

import sqlalchemy.exc
from sqlalchemy import Engine

from drills.findings import Findings
from drills.load import LoadGenerator
from drills.posts import Post
from services.fanout_worker.actions import verify
from services.fanout_worker.domain import proof

_INVARIANT = "proofs are true at any time"
_AFTERWARDS = 3
# Between two proofs, so that they take a tenth of one connection's time at most.
_PAUSE_S = 0.5
_PAUSE_SHARE = 10


class Verifier:
    """`engine` acts as the schema's owner. While another holds `lock`, no proof runs."""

    def __init__(
        self, engine: Engine, load: LoadGenerator, *, rng: random.Random, findings: Findings, lock: threading.Lock
    ) -> None:
        self._engine = engine
        self._lock = lock
        self._load = load
        self._rng = rng
        self._findings = findings

    def keep_verifying(self, ending: threading.Event) -> None:
        """One message after the other, until the event is set."""
        began = time.monotonic()
        while not ending.wait(max(_PAUSE_S, _PAUSE_SHARE * (time.monotonic() - began))):
            began = time.monotonic()
            if posts := self._accepted()[-50:]:
                # PostgreSQL may be away.
                with contextlib.suppress(sqlalchemy.exc.DBAPIError):
                    self._verify(self._rng.choice(posts))

    def verify_some(self) -> None:
        """Once nothing is left to do: some messages, none of which may be pending."""
        posts = self._accepted()
        for post in self._rng.sample(posts, min(_AFTERWARDS, len(posts))):
            report = self._verify(post)
            if report is not None and report.verdict == "pending":
                self._findings.violated(_INVARIANT, f'"{post.title}" is called pending although nothing is left to do')

    def _accepted(self) -> list[Post]:
        return [post for post in self._load.posts if post.is_accepted]

    def _verify(self, post: Post) -> proof.Report | None:
        (message_id, *_) = post.accepted_ids
        with self._lock:
            report = verify.verify_message(self._engine, message_id=message_id, limit=3)
        self._findings.proofs += 1
        if report is None:
            self._findings.violated(_INVARIANT, f'"{post.title}" was accepted, and is not found')
        elif not report.holds:
            differences = f"{report.missing} missing, {report.unexpected} unexpected, {list(report.disagreements)}"
            self._findings.violated(_INVARIANT, f"message {message_id}: {differences}")
        return report
