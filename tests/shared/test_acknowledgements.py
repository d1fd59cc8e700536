"""What an acknowledgement is of: the hash of the text, and rows that nobody changes afterwards."""

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from shared import acknowledgements
from tests.conftest import Connect

STATEMENT = "I have read and understood this."


# Computed with `printf '%s\n%s\n%s' TITLE BODY STATEMENT | sha256sum`.
@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Hand hygiene", "Wash your hands.", "7919888a095cab7fb4834f479a75619001a1c4dcd4db8f658a08816d0286aaee"),
        (
            "Hand hygiene",
            "Wash your hands.\nThen dry them.\n\nThank you.",
            "988c7ec007406ea9950cbf9780f6dca07764865e864b6e6d4b5138138b03459c",
        ),
        ("Händehygiene 👋🏽", "غسل اليدين", "dc7fdee01f26091b166e31ccd457b677418e30dad79d6c6908fae1c126107229"),
        ("Fire drill", "Leave by the stairs.\n", "84128e1efe81cd9181f5fd948463d8eb0944c150e5e8f3eeaf28ba5a81d23a77"),
    ],
    ids=["one line", "several lines", "not ASCII", "an empty line at the end of the body"],
)
def test_the_hash_is_of_title_body_and_statement_as_lines_of_utf_8(title: str, body: str, expected: str) -> None:
    digest = acknowledgements.content_hash(title=title, body=body, statement=STATEMENT)
    assert acknowledgements.format_hash(digest) == f"sha256:{expected}"


def test_text_that_moves_from_one_field_to_another_has_another_hash() -> None:
    found = {
        acknowledgements.content_hash(title="a", body="b\nc", statement="d"),
        acknowledgements.content_hash(title="a", body="b", statement="c d"),
        acknowledgements.content_hash(title="a b", body="c", statement="d"),
    }
    assert len(found) == 3


@pytest.fixture
def owner(connection: Connect) -> Connection:
    """With one acknowledgement."""
    owner = connection()
    owner.execute(
        text("""
            INSERT INTO acknowledgements (message_id, user_id, sent_at, acknowledged_at, content_hash, authentication, request_id)
            VALUES (uuidv7(), 1, now(), now(), sha256('x'), 'shared-secret', 'r-1')
        """)
    )
    return owner


@pytest.mark.parametrize("table", ["acknowledgements", "its partition"])
@pytest.mark.parametrize("replication", ["origin", "replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET acknowledged_at = now()",
        "UPDATE {} SET sent_at = now() + interval '1 month'",
        "DELETE FROM {}",
        "INSERT INTO {} SELECT * FROM acknowledgements ON CONFLICT (message_id, user_id, sent_at) DO UPDATE SET request_id = 'r-2'",
        "MERGE INTO {} a USING (VALUES (1)) v(n) ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_even_a_superuser_only_adds_acknowledgements(
    owner: Connection, table: str, replication: str, statement: str
) -> None:
    if table == "its partition":
        table = str(owner.execute(text("SELECT tableoid::regclass FROM acknowledgements")).scalar_one())
    owner.execute(text(f"SET LOCAL session_replication_role = {replication}"))
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="only ever added") as refused, owner.begin_nested():
        owner.execute(text(statement.format(table)))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
    assert owner.execute(text("SELECT request_id FROM acknowledgements")).scalars().all() == ["r-1"]
