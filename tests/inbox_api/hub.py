"""A hub for tests of inbox_api: accepts, writes and recalls messages straight in the tables, at any time of the last months,
and speaks to the API as any of its users.

Who receives a message is worked out here from who is where at that moment, without versions: what the API makes of versions
is what the tests check.
"""

import itertools
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import flask
import werkzeug.test
from sqlalchemy import Engine, text

from services.inbox_api import app as inbox
from services.inbox_api.store import readers
from shared import acknowledgements, db, settings
from shared.sent_messages import words
from tests import factories

_numbers = itertools.count(1)
_NOW = datetime.now(UTC).replace(microsecond=0)
MONTHS_BACK = 4
_STATED = (
    *("category", "priority", "pinned_until", "expires_at"),
    *("statement", "due_at", "content_hash", "supersedes", "change_summary"),
)
AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


@dataclass(frozen=True)
class Sent:
    id: uuid.UUID
    sent_at: datetime
    recipients: frozenset[int]


@dataclass
class Hub:
    owner: Engine
    inbox: Engine
    platforms: dict[int, factories.Platform] = field(default_factory=dict)
    app: flask.Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = inbox.make_app(inbox.Context(self.inbox), auth=AUTH)
        self.execute(
            """
            SELECT create_inbox_partitions((date_trunc('month', now() AT TIME ZONE 'UTC') - m * interval '1 month')::date)
            FROM generate_series(1, :months) m
        """,
            months=MONTHS_BACK,
        )

    # The directory.

    def platform(self, *, plan: str = "enterprise") -> factories.Platform:
        with self.owner.begin() as connection:
            made = factories.platform(connection, plan=plan)
        self.platforms[made.id] = made
        return made

    def organisation(self, of: factories.Platform, *, active: bool = True) -> factories.Organisation:
        with self.owner.begin() as connection:
            return factories.organisation(connection, of, active=active)

    def clinic(self, of: factories.Organisation, *, active: bool = True) -> factories.Clinic:
        with self.owner.begin() as connection:
            return factories.clinic(connection, of, active=active)

    def user(self, of: factories.Platform, *scopes: factories.Scope, status: str = "active") -> factories.User:
        with self.owner.begin() as connection:
            return factories.user(connection, of, *scopes, status=status)

    def administrator(self, of: factories.Platform, *scopes: factories.Scope) -> factories.User:
        with self.owner.begin() as connection:
            made = factories.user(connection, of)
            for scope in scopes:
                factories.administrator(connection, made, scope)
        return made

    def move(self, clinic: factories.Scope, to: factories.Scope) -> None:
        with self.owner.begin() as connection:
            factories.move(connection, cast(factories.Clinic, clinic), cast(factories.Organisation, to))

    def end(self, scope: factories.Scope) -> None:
        with self.owner.begin() as connection:
            factories.end_scope(connection, scope)

    def join(self, who: factories.User, scope: factories.Scope) -> None:
        with self.owner.begin() as connection:
            factories.member(connection, who, scope)

    def leave(self, who: factories.User, scope: factories.Scope) -> None:
        with self.owner.begin() as connection:
            factories.leave(connection, who, scope)

    def set_status(self, who: factories.User, status: str) -> None:
        with self.owner.begin() as connection:
            factories.set_status(connection, who, status)

    def caller(self, who: factories.User) -> readers.Reader:
        with self.owner.connect() as connection:
            found = readers.find_reader(
                db.driver(connection), platform=self.platforms[who.platform_id].key, user=who.external_id
            )
        assert found is not None
        return found

    # The life of a message.

    def send(
        self,
        sender: factories.User,
        *targets: factories.Scope,
        days_ago: float | None = None,
        title: str = "A notice",
        body: str = "Read it.",
        **stated: object,
    ) -> Sent:
        """Accepts a message, which is then in flight. Each call is later than the one before, unless `days_ago` says when.

        `stated`: category, priority, pinned_until, expires_at, statement, due_at, supersedes, change_summary.
        """
        of_message = dict.fromkeys(_STATED) | {"priority": "normal", **stated}
        if of_message["statement"] is not None:
            of_message["content_hash"] = acknowledgements.content_hash(
                title=title, body=body, statement=str(of_message["statement"])
            )
        number = next(_numbers)
        sent_at = _NOW + timedelta(microseconds=number) - timedelta(days=days_ago or 0)
        message_id = uuid.uuid4()
        reached: set[int] = set()
        with self.owner.begin() as connection:
            connection.execute(
                text(f"""
                    INSERT INTO messages (id, platform_id, sender_id, title, body, {", ".join(_STATED)},
                                          directory_version, request_id, request_hash, created_at, sent_at)
                    SELECT :id, p.id, :sender_id, :title, :body, :{", :".join(_STATED)},
                           p.directory_version, 'request', 'hash', :sent_at, :sent_at
                    FROM platforms p WHERE p.id = :platform_id
                """),
                {
                    **of_message,
                    "id": message_id,
                    "platform_id": sender.platform_id,
                    "sender_id": sender.id,
                    "title": title,
                    "body": body,
                    "sent_at": sent_at,
                },
            )
            connection.execute(
                text("UPDATE messages SET superseded_at = :sent_at WHERE id = :supersedes"),
                {"sent_at": sent_at, "supersedes": of_message["supersedes"]},
            )
            connection.execute(
                text(f"""
                    INSERT INTO message_words (message_id, words)
                    SELECT m.id, {words.vector(platform_id="m.platform_id", title="m.title", body="m.body", category="m.category")}
                    FROM messages m WHERE m.id = :id
                """),
                {"id": message_id},
            )
            for position, target in enumerate(targets, 1):
                values = {"id": message_id, "sent_at": sent_at, "position": position, "scope": target.id}
                for statement in (
                    "INSERT INTO message_targets VALUES (:id, :position, :scope)",
                    "INSERT INTO inflight_targets VALUES (:scope, :id)",
                    """INSERT INTO message_visibility
                       SELECT a.ancestor_id, :sent_at, :id, a.ancestor_id = :scope, p.directory_version
                       FROM scope_ancestors a JOIN platforms p ON p.id = a.platform_id
                       WHERE a.scope_id = :scope AND a.valid_to_version IS NULL
                       ON CONFLICT (scope_id, sent_at, message_id)
                           DO UPDATE SET is_target = message_visibility.is_target OR excluded.is_target""",
                ):
                    connection.execute(text(statement), values)
                reached.update(
                    connection.execute(
                        text("SELECT user_id FROM memberships WHERE valid_to_version IS NULL AND scope_id = :scope"),
                        values,
                    ).scalars()
                )
        return Sent(message_id, sent_at, frozenset(reached))

    def write(self, sent: Sent, users: Iterable[int]) -> None:
        """Writes the entries of some of the recipients, as one delivered batch."""
        users = sorted(users)
        if not users:
            return
        self.execute(
            "INSERT INTO inbox_entries SELECT unnest(CAST(:users AS bigint[])), :sent_at, :id",
            users=users,
            sent_at=sent.sent_at,
            id=sent.id,
        )
        self.execute(
            """
            INSERT INTO fanout_batches (message_id, seq, after_user_id, up_to_user_id, recipient_count, published_at, delivered_at)
            SELECT :id, count(*) + 1, 0, 1, :count, now(), now() FROM fanout_batches WHERE message_id = :id
            """,
            id=sent.id,
            count=len(users),
        )

    def finish(self, sent: Sent) -> None:
        """Writes what is still missing and completes the message, as the worker does, recalled or not."""
        missing = """
            SELECT u FROM unnest(CAST(:users AS bigint[])) u
            WHERE NOT EXISTS (SELECT FROM inbox_entries e WHERE e.user_id = u AND e.message_id = :id)
        """
        with self.owner.connect() as connection:
            recalled = connection.execute(
                text("SELECT recalled_at IS NOT NULL FROM messages WHERE id = :id"), {"id": sent.id}
            ).scalar_one()
            users = connection.execute(text(missing), {"users": list(sent.recipients), "id": sent.id}).scalars().all()
        if not recalled:
            self.write(sent, users)
        self.execute(
            """
            UPDATE messages SET status = 'sent', recipient_count = :count, completed_at = now() WHERE id = :id
            """,
            id=sent.id,
            count=len(sent.recipients),
        )
        self.execute("DELETE FROM inflight_targets WHERE message_id = :id", id=sent.id)

    def deliver(self, sender: factories.User, *targets: factories.Scope, **stated: Any) -> Sent:
        """A message that is written to everybody."""
        sent = self.send(sender, *targets, **stated)
        self.finish(sent)
        return sent

    def recall(self, sent: Sent, by: factories.User) -> None:
        self.execute(
            "UPDATE messages SET recalled_at = now(), recalled_by_id = :by WHERE id = :id", by=by.id, id=sent.id
        )

    def expire(self, *sent: Sent) -> None:
        """Their time is over."""
        for one in sent:
            self.execute("UPDATE messages SET expires_at = now() WHERE id = :id", id=one.id)

    def execute(self, statement: str, **values: object) -> None:
        with self.owner.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    # The API.

    def ask(
        self,
        who: factories.User,
        path: str,
        *,
        method: str = "GET",
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> werkzeug.test.TestResponse:
        bearer = factories.bearer(who, self.platforms[who.platform_id])
        given: dict[str, Any] = {}
        if body is not None:
            given = {"data": json.dumps(body), "content_type": "application/json"}
        return self.app.test_client().open(path, method=method, headers={**bearer, **(headers or {})}, **given)

    def feed(self, who: factories.User, query: str = "") -> dict[str, Any]:
        answer = self.ask(who, f"/v1/notifications{query}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    def feed_ids(self, who: factories.User, query: str = "") -> list[str]:
        return [row["id"] for row in self.feed(who, query)["data"]]
