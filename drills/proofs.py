"""An operator who has messages proved, as `message-hub verify` does, while everything goes wrong and once more when it is over.

Whoever only waits for a worker must never be called missing, whatever was killed: a proof that may be wrong is none.
"""

import random
import threading
import time

import sqlalchemy.exc
from sqlalchemy import Engine

from drills.findings import Findings
from drills.traffic import Post, Traffic
from services.fanout_worker import proof
from services.fanout_worker.actions import verify

_CHECK = "proofs are true at any time"
_AFTERWARDS = 3
# Between two proofs: long enough that proving takes no time from what is tried.
_PAUSE_S = 0.5
_PAUSE_SHARE = 10


class Operator:
    """`engine` acts as the worker's role. Begins with `start`; `finish` ends it."""

    def __init__(self, engine: Engine, traffic: Traffic, *, rng: random.Random, findings: Findings) -> None:
        self._engine = engine
        self._traffic = traffic
        self._rng = rng
        self._findings = findings
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep_proving, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def prove_some(self) -> None:
        """Once the hub is quiet: some messages, each of which must hold."""
        posts = self._accepted()
        for post in self._rng.sample(posts, min(_AFTERWARDS, len(posts))):
            report = self._prove(post)
            if report is not None and report.verdict == "pending":
                self._findings.broken(_CHECK, f'"{post.title}" is called pending although nothing is left to do')

    def _keep_proving(self) -> None:
        began = time.monotonic()
        while not self._ending.wait(max(_PAUSE_S, _PAUSE_SHARE * (time.monotonic() - began))):
            began = time.monotonic()
            if posts := self._accepted()[-50:]:
                try:
                    self._prove(self._rng.choice(posts))
                except sqlalchemy.exc.DBAPIError:
                    continue  # PostgreSQL is away
                except Exception as error:  # a thread's error would be lost
                    self._findings.broken(_CHECK, f"{type(error).__name__}: {error}")

    def _accepted(self) -> list[Post]:
        return [post for post in self._traffic.posts if post.is_accepted]

    def _prove(self, post: Post) -> proof.Report | None:
        (message_id, *_) = post.accepted_ids
        report = verify.verify_message(self._engine, message_id=message_id, limit=3)
        self._findings.proofs += 1
        if report is None:
            self._findings.broken(_CHECK, f'"{post.title}" was accepted, and is not there to be proved')
        elif not report.holds:
            told = f"{report.missing} missing, {report.unexpected} unexpected, {list(report.disagreements)}"
            self._findings.broken(_CHECK, f"message {message_id}: {told}")
        return report
