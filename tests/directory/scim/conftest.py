"""The directory's HTTP service over a database of the test's own, with a platform that is managed over SCIM and a client with a token."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from cli.embedded import server
from services.directory import app as directory
from services.directory.actions import platforms, scim_tokens
from shared import db, settings
from tests import factories
from tests.directory import files
from tests.shared import tenants

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SCOPE = "urn:message-hub:params:scim:schemas:1.0:Scope"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_numbers = itertools.count(1)
AUTH = settings.Auth(secret=factories.SECRET, jwks_url=None)


@dataclass
class Scim:
    """A provisioning client of the platform `key`, and what the directory holds after its requests."""

    app: flask.Flask
    engine: Engine
    owner: Engine
    token: str
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **self.headers, **options.pop("headers", {})}
        data = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        options.setdefault("content_type", "application/scim+json")
        return self.app.test_client().open(f"/scim/v2{path}", method=method, headers=headers, data=data, **options)

    def make_user(self, user_name: str, **more: Any) -> str:
        """The id of a new active user whose externalId is `x-<user_name>`."""
        body = {"schemas": [USER], "userName": user_name, "externalId": f"x-{user_name}", "active": True, **more}
        answer = self.call("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def make_group(self, name: str, members: list[str] | None = None, scope: dict[str, str] | None = None) -> str:
        body: dict[str, Any] = {"schemas": [GROUP], "displayName": name}
        if members is not None:
            body["members"] = [{"value": one} for one in members]
        if scope is not None:
            body["schemas"].append(SCOPE)
            body[SCOPE] = scope
        answer = self.call("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def patch(self, path: str, *operations: dict[str, Any]) -> TestResponse:
        return self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]

    def version(self) -> int:
        return int(self.rows("SELECT directory_version FROM platforms WHERE key = :key", key=self.key)[0][0])

    def users(self) -> dict[str, tuple[str, str, str]]:
        """Name, e-mail address and status of every user, by external id."""
        found = self.rows(
            "SELECT external_id, name, email, status FROM users u JOIN platforms p ON p.id = u.platform_id WHERE p.key = :key",
            key=self.key,
        )
        return {row[0]: row[1:] for row in found}

    def memberships(self) -> set[files.Membership]:
        """What is in force: user, level, scope, role."""
        return set(
            self.rows(
                """
                SELECT u.external_id, CAST(s.level AS text), CASE WHEN s.level = 'platform' THEN '' ELSE s.external_id END,
                       CAST(m.role AS text)
                FROM memberships m JOIN users u ON u.id = m.user_id JOIN scopes s ON s.id = m.scope_id
                JOIN platforms p ON p.id = m.platform_id
                WHERE m.valid_to_version IS NULL AND p.key = :key
                """,
                key=self.key,
            )
        )

    def of(self, user: str) -> set[tuple[str, str, str]]:
        """The memberships of one user, by external id: level, scope, role; without the platform's, which every active user has."""
        return {
            rest
            for who, *rest_ in self.memberships()
            if who == user and (rest := tuple(rest_)) != ("platform", "", "implied")
        }

    def memberships_of(self, user: str) -> set[tuple[str, ...]]:
        """The same, with the platform's."""
        return {rest for who, *rest_ in self.memberships() if who == user and (rest := tuple(rest_))}

    def counts(self) -> dict[tuple[str, str], int]:
        found = self.rows(
            """
            SELECT CAST(level AS text), CASE WHEN level = 'platform' THEN '' ELSE external_id END, user_count
            FROM scopes s JOIN platforms p ON p.id = s.platform_id WHERE p.key = :key AND s.active
            """,
            key=self.key,
        )
        return {(level, scope): count for level, scope, count in found}

    def audit(self) -> list[tuple[Any, ...]]:
        """Outcome, reason and detail of each event of provisioning."""
        return self.events("scim", "outcome, reason, detail")

    def events(self, action: str, columns: str) -> list[tuple[Any, ...]]:
        return self.rows(
            f"""
            SELECT {columns} FROM audit_events a
            WHERE action = :action AND platform_id = (SELECT id FROM platforms WHERE key = :key) ORDER BY a.id
            """,
            action=action,
            key=self.key,
        )


def tree() -> files.Files:
    """Two organisations with three clinics, and nobody."""
    small = files.small()
    return files.Files(organisations=small.organisations, clinics=small.clinics)


def hand_over(engine: Engine, key: str) -> str:
    """Has the platform managed over SCIM, and returns a token."""
    platforms.put_platform(engine, key=key, managed_by="scim")
    return scim_tokens.create_token(engine, platform_key=key).token


@pytest.fixture(scope="session")
def served(postgres: server.Server, template_database: str) -> Iterator[tuple[flask.Flask, Engine, Engine]]:
    """The app, its engine and the owner's, over one database for all these tests: each has a platform of its own."""
    with (
        tenants.database(postgres, template_database, "tenants_scim") as url,
        tenants.engine(url, db.DIRECTORY_ROLE, pool_size=10) as engine,
        tenants.engine(url, None) as owner,
    ):
        yield directory.make_app(engine, auth=AUTH), engine, owner


@pytest.fixture
def scim(served: tuple[flask.Flask, Engine, Engine], tmp_path: Path) -> Scim:
    """A platform with a tree and nobody, managed over SCIM."""
    key = f"p{next(_numbers)}"
    platforms.put_platform(served[1], key=key, name="Acme", plan="enterprise")
    files.run(served[1], tree(), tmp_path / "tree", key=key)
    return Scim(*served, hand_over(served[1], key), key)
