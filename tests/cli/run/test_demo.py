"""The demo platforms hold what a first look at the hub needs, the same every time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from cli.run import demo
from services.directory.actions import platforms as platform_actions
from shared import db
from tests import conftest as base
from tests.directory import files


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(db.DIRECTORY_ROLE)


@pytest.fixture(scope="module")
def with_demo(module_database_url: str) -> Iterator[Engine]:
    """The demo is imported once; tests only read it."""
    engine = db.make_engine(base.database_settings(module_database_url), role=db.DIRECTORY_ROLE, name="tests")
    assert demo.ensure(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def in_force(with_demo: Engine) -> set[files.Membership]:
    with with_demo.connect() as connection:
        return files.read_in_force(connection, key=demo.PLATFORM)


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        demo.write(tmp_path / name)
    written = [{path.name: path.read_bytes() for path in (tmp_path / name).glob("*/*.csv")} for name in ("one", "two")]
    assert written[0] == written[1]


def test_there_are_two_platforms_one_of_them_enterprise(with_demo: Engine, in_force: set[files.Membership]) -> None:
    platforms = {platform.key: platform.plan for platform in platform_actions.list_platforms(with_demo)}
    assert platforms == {demo.PLATFORM: "enterprise", demo.STANDARD_PLATFORM: "standard"}
    with with_demo.connect() as connection:
        standard = files.read_in_force(connection, key=demo.STANDARD_PLATFORM)
        counts = files.read_counts(connection, key=demo.PLATFORM)
        statuses = dict(
            connection.execute(
                text("""
                    SELECT u.external_id, u.status FROM users u JOIN platforms p ON p.id = u.platform_id
                    WHERE p.key = 'demo' AND u.status <> 'active'
                """)
            ).all()
        )
    assert (demo.STANDARD_ADMINISTRATOR, "platform", "", "administrator") in standard
    assert len(counts) == 1 + 3 + 12
    assert counts["platform", ""] == demo.USER_COUNT - 2
    assert min(counts.values()) > 100
    assert statuses == {demo.PENDING_USER: "pending", demo.DISABLED_USER: "disabled"}


def test_every_level_and_scope_has_an_administrator(in_force: set[files.Membership]) -> None:
    administered = {(level, scope) for _user, level, scope, role in in_force if role == "administrator"}
    assert administered == {(level, scope) for _user, level, scope, _role in in_force}

    def reach(user: str) -> set[tuple[str, str]]:
        return {(row[1], row[2]) for row in in_force if row[0] == user and row[3] == "administrator"}

    assert reach(demo.PLATFORM_ADMINISTRATOR) == {("platform", "")}
    assert [level for level, _ in reach(demo.ORGANISATION_ADMINISTRATOR)] == ["organisation"]
    assert [level for level, _ in reach(demo.CLINIC_ADMINISTRATOR)] == ["clinic"]
    assert {level for level, _ in reach(demo.DOUBLE_ADMINISTRATOR)} == {"organisation", "clinic"}
    assert len(scopes_of(in_force, "organisation")[demo.DOUBLE_ADMINISTRATOR]) == 2
    assert reach(demo.USER) == set()


def test_memberships_overlap_within_and_across_organisations(in_force: set[files.Membership]) -> None:
    organisations = scopes_of(in_force, "organisation")
    in_two = [user for user, clinics in scopes_of(in_force, "clinic").items() if len(clinics) == 2]
    in_two_organisations = [user for user in in_two if len(organisations[user]) == 2]
    assert len(in_two) > len(in_two_organisations) > 100


def scopes_of(in_force: set[files.Membership], wanted: str) -> dict[str, set[str]]:
    """The scopes of one level that each user belongs to."""
    found: dict[str, set[str]] = {}
    for user, level, scope, _role in in_force:
        if level == wanted:
            found.setdefault(user, set()).add(scope)
    return found


def test_people_to_begin_with_are_a_sender_and_a_reader(in_force: set[files.Membership]) -> None:
    people = list(demo.PEOPLE.values())
    assert (people[0], people[-1]) == (demo.PLATFORM_ADMINISTRATOR, demo.USER)
    assert set(people) <= {user for user, *_ in in_force}


def test_a_hub_that_has_a_platform_gets_no_demo(with_demo: Engine) -> None:
    assert not demo.ensure(with_demo)


def test_a_hub_with_a_platform_of_its_own_gets_no_demo(engine: Engine) -> None:
    platform_actions.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    assert not demo.ensure(engine)
    assert [platform.key for platform in platform_actions.list_platforms(engine)] == ["acme"]


def test_a_start_that_was_cut_off_is_taken_up_again(engine: Engine) -> None:
    platform_actions.put_platform(engine, key=demo.PLATFORM, name="Demo Telehealth", plan="enterprise")
    assert demo.ensure(engine)
    assert not demo.ensure(engine)
    assert {platform.directory_version for platform in platform_actions.list_platforms(engine)} == {1}
