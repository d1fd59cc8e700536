"""What the audit trail tells of imports and of changes of platforms."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from services.directory import errors
from services.directory.actions import import_, platforms
from services.directory.store import audit
from tests.directory import files

ALICE = "alice@host"
ISSUER = {"issuer": "https://id.example.org/", "jwks_url": "https://id.example.org/jwks"}


def put(engine: Engine, **values: Any) -> None:
    platforms.put_platform(engine, **{"key": "new", "name": "New", "plan": "enterprise", "operator": ALICE, **values})


def trail(owner: Engine) -> list[tuple[Any, ...]]:
    """What was done by alice, oldest first; the time is the database's."""
    with owner.connect() as connection:
        rows = connection.execute(
            text("""
                SELECT a.action, a.outcome, a.reason, p.key, a.directory_version, a.detail
                FROM audit_events a LEFT JOIN platforms p ON p.id = a.platform_id
                WHERE a.operator = :alice ORDER BY a.id
            """),
            {"alice": ALICE},
        )
        return [tuple(row) for row in rows]


def test_making_and_changing_a_platform_is_recorded(engine: Engine, owner_engine: Engine) -> None:
    put(engine)
    put(engine, **ISSUER)
    put(engine, plan="standard")
    put(engine, plan="standard")
    assert trail(owner_engine) == [
        ("platform", "created", None, "new", 0, "plan enterprise"),
        ("platform", "updated", None, "new", 1, "plan enterprise; changed: issuer, jwks_url"),
        ("platform", "updated", None, "new", 2, "plan standard"),
        ("platform", "unchanged", None, "new", 2, "plan standard"),
    ]


@pytest.mark.parametrize(
    ("values", "key", "detail"),
    [
        ({"plan": "gold"}, None, "platform new"),
        ({"key": "acme", "plan": "gold"}, "acme", "platform acme"),
        ({"key": "a\x1b[31m b"}, None, None),
    ],
)
def test_a_platform_that_is_refused_is_recorded(
    engine: Engine, owner_engine: Engine, values: dict[str, str], key: str | None, detail: str | None
) -> None:
    with pytest.raises(errors.BadPlatformError):
        put(engine, **values)
    assert trail(owner_engine) == [("platform", "refused", "bad-platform", key, None, detail)]


def test_an_import_is_recorded_with_its_numbers(engine: Engine, owner_engine: Engine, tmp_path: Path) -> None:
    folder = files.crowd(300).write(tmp_path / "files")
    for dry_run in (True, False, False):
        import_.import_directory(engine, platform_key="acme", folder=folder, dry_run=dry_run, operator=ALICE)
    new = "organisations +1 ~0 -0, clinics +1 ~0 -0, users +300 ~0 -0, memberships +300 ~0 -0"
    same = "organisations +0 ~0 -0, clinics +0 ~0 -0, users +0 ~0 -0, memberships +0 ~0 -0"
    assert trail(owner_engine) == [
        ("import", "tried", None, "acme", 1, new),
        ("import", "changed", None, "acme", 1, new),
        ("import", "unchanged", None, "acme", 1, same),
    ]


def test_an_import_that_is_refused_is_recorded(engine: Engine, owner_engine: Engine, tmp_path: Path) -> None:
    import_.import_directory(engine, platform_key="acme", folder=files.crowd(300).write(tmp_path / "files"))
    fewer = files.crowd(200).write(tmp_path / "fewer")
    with pytest.raises(errors.TooManyRemovalsError):
        import_.import_directory(engine, platform_key="acme", folder=fewer, operator=ALICE)
    with (fewer / "users.csv").open("a") as file:
        file.write("eve,,,active\n")
    with pytest.raises(errors.BadFilesError):
        import_.import_directory(engine, platform_key="acme", folder=fewer, operator=ALICE)
    with pytest.raises(errors.UnknownPlatformError):
        import_.import_directory(engine, platform_key="nope", folder=fewer, operator=ALICE)
    removals = "platform acme; would end 100 of 300 active users (33.3%) and 100 of 300 active memberships (33.3%)"
    assert trail(owner_engine) == [
        ("import", "refused", "too-many-removals", "acme", None, removals),
        ("import", "refused", "bad-files", "acme", None, "platform acme; 1 bad lines"),
        ("import", "refused", "unknown-platform", None, None, "platform nope"),
    ]


def test_a_refusal_stands_when_it_cannot_be_recorded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_INSERT", text("SELECT 1 / 0"))
    with pytest.raises(errors.BadPlatformError):
        put(engine, plan="gold")


def test_a_change_that_cannot_be_recorded_is_not_made(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_INSERT", text("SELECT 1 / 0"))
    with pytest.raises(Exception, match="division by zero"):
        put(engine)
    assert [platform.key for platform in platforms.list_platforms(engine)] == ["acme"]
