"""`message-hub platform --oidc-…`, `oidc check` and `sessions` as an operator uses them."""

import json
from pathlib import Path

import pytest
import sqlalchemy
from click.testing import CliRunner, Result
from sqlalchemy import text

from cli import main
from tests import factories, identity_provider

OIDC = ("--oidc-issuer", "https://id.example", "--oidc-client-id", "hub")
ACME = ("platform", "acme", "--name", "Acme", "--plan", "enterprise")


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main.commands, arguments, input=typed)


@pytest.fixture
def rows(database_url: str) -> "Rows":
    return Rows(database_url)


class Rows:
    def __init__(self, url: str) -> None:
        self._url = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")

    def __call__(self, statement: str) -> list[tuple[object, ...]]:
        engine = sqlalchemy.create_engine(self._url)
        try:
            with engine.begin() as connection:
                found = connection.execute(text(statement))
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            engine.dispose()


def test_a_platforms_sign_in_is_set_changed_and_removed(tmp_path: Path, rows: Rows) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    set_up = (
        "--oidc-issuer",
        "https://id.example",
        "--oidc-client-id",
        "hub",
        "--oidc-client-secret-file",
        str(secret),
    )
    made = call(*ACME, *set_up)
    assert made.exit_code == 0, made.output
    assert "Sign-in at https://id.example as hub, by sub." in made.output
    assert "hunter2" not in made.output
    columns = "SELECT issuer, client_id, client_secret, user_claim FROM identity_providers"
    assert rows(columns) == [("https://id.example", "hub", "hunter2", "sub")]
    # What is not named stays, the secret too.
    assert "by oid." in call(*ACME, "--oidc-user-claim", "oid").output
    assert rows(columns) == [("https://id.example", "hub", "hunter2", "oid")]
    assert "Sign-in removed." in call(*ACME, "--oidc-issuer", "").output
    assert rows(columns) == []
    assert (
        rows("SELECT outcome FROM audit_events WHERE detail = 'sign-in of the console' ORDER BY id")
        == [("updated",)] * 3
    )


def test_a_platform_signs_in_by_e_mail_domains_that_no_other_platform_has(rows: Rows) -> None:
    def domains(key: str) -> list[tuple[object, ...]]:
        return rows(
            f"SELECT domain FROM sign_in_domains JOIN platforms ON id = platform_id WHERE key = '{key}' ORDER BY 1"
        )

    made = call(*ACME, *OIDC, "--oidc-email-domain", "ACME.example", "--oidc-email-domain", "@bücher.example")
    assert "also with addresses at acme.example, bücher.example." in made.output
    assert domains("acme") == [("acme.example",), ("bücher.example",)]
    # What is not named stays.
    assert "acme.example, bücher.example" in call(*ACME, "--oidc-user-claim", "oid").output

    other = ("platform", "other", "--name", "Other", "--plan", "enterprise", *OIDC)
    taken = call(*other, "--oidc-email-domain", "other.example", "--oidc-email-domain", "Acme.Example")
    assert taken.exit_code == 1
    assert "Another platform has the e-mail domain acme.example." in taken.stderr
    assert domains("other") == []
    # Domains alone are changed, given up, and then free.
    assert call("platform", "acme", "--oidc-email-domain", "bücher.example").exit_code == 0
    assert call(*other, "--oidc-email-domain", "acme.example").exit_code == 0
    assert (domains("acme"), domains("other")) == ([("bücher.example",)], [("acme.example",)])
    assert call("platform", "acme", "--oidc-email-domain", "").exit_code == 0
    assert call("platform", "other", "--oidc-issuer", "").exit_code == 0
    assert rows("SELECT domain FROM sign_in_domains") == []


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (["--oidc-user-claim", "sub"], "needs at least --oidc-issuer"),
        (["--oidc-issuer", "https://id.example"], "and --oidc-client-id"),
        (["--oidc-issuer", "http://id.example", "--oidc-client-id", "hub"], "https:// address"),
        (["--oidc-issuer", "https://id.example/?a=b", "--oidc-client-id", "hub"], "https:// address"),
        (["--oidc-issuer", "https://a@id.example", "--oidc-client-id", "hub"], "https:// address"),
        (["--oidc-issuer", "https://[", "--oidc-client-id", "hub"], "https:// address"),
        (["--oidc-user-claim", "name"], "'name' is not one of"),
        (["--oidc-email-domain", "acme"], "needs at least"),
        ([*OIDC, "--oidc-email-domain", "acme"], "'acme' is not an e-mail domain"),
        ([*OIDC, "--oidc-email-domain", "acme..example"], "is not an e-mail domain"),
        ([*OIDC, "--oidc-email-domain", "-acme.example"], "is not an e-mail domain"),
        (["--issuer", "message-hub", "--jwks-url", "https://id.example/keys"], "is the hub itself"),
    ],
)
def test_a_bad_sign_in_is_refused_with_a_reason(arguments: list[str], about: str) -> None:
    result = call(*ACME, *arguments)
    assert result.exit_code != 0
    assert about in result.stderr


def test_oidc_check_says_what_is_right_and_what_is_wrong() -> None:
    with identity_provider.running("http://127.0.0.1:1") as provider:
        set_up = ("--oidc-issuer", provider.issuer, "--oidc-client-id", "hub", "--oidc-user-claim", "oid")
        assert call(*ACME, *set_up).exit_code == 0
        good = call("oidc", "check", "acme", "--json")
        assert good.exit_code == 0, good.output
        assert {one["what"] for one in json.loads(good.stdout) if one["is_good"]} >= {
            "configuration",
            "keys",
            "PKCE",
            "claim",
        }
        assert call(*ACME, "--oidc-issuer", f"{provider.issuer}/").exit_code == 0
        other = call("oidc", "check", "acme")
        assert other.exit_code == 1
        assert "another one" in other.output
    away = call("oidc", "check", "acme")
    assert away.exit_code == 1
    assert "WRONG" in away.output
    assert "has no sign-in" in call("oidc", "check", "nowhere").stderr


def test_an_operator_sees_who_is_signed_in_and_signs_them_out(database_url: str, rows: Rows) -> None:
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(database_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        platform = factories.platform(connection, key="acme")
        for name in ("anna", "berta"):
            user = factories.user(connection, platform, external_id=name)
            connection.execute(
                text("""
                    INSERT INTO console_sessions (id_hash, platform_id, user_id, issuer, client_id, subject, id_token, expires_at)
                    VALUES (sha256(convert_to(:name, 'UTF8')), :platform, :user, 'i', 'c', 's', 't', now() + interval '1 hour')
                """),
                {"name": name, "platform": platform.id, "user": user.id},
            )
    engine.dispose()
    listed = json.loads(call("sessions", "list", "--platform", "acme", "--json").stdout)
    assert [one["user"] for one in listed] == ["anna", "berta"]
    assert "anna" in call("sessions", "list").output
    assert call("sessions", "end", "--platform", "acme", "--user", "anna").output == "1 session ended.\n"
    assert call("sessions", "end", "--platform", "acme", typed="n\n").exit_code == 1
    assert call("sessions", "end", "--platform", "acme", "--yes").output == "1 session ended.\n"
    assert "Nobody is signed in." in call("sessions", "list").stderr
    assert call("sessions", "end", "--platform", "nowhere", "--yes").exit_code == 1
    assert rows("SELECT count(*) FROM console_sessions WHERE id_token IS NULL") == [(2,)]
    events = rows("SELECT action, outcome FROM audit_events WHERE user_id IS NOT NULL AND operator IS NOT NULL")
    assert events == [("session", "signed-out")] * 2
