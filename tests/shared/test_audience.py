"""Who is in an audience as of a version of the directory, whatever happened to it since."""

import itertools

import pytest
from sqlalchemy import Connection, text

from shared import audience, db
from tests import factories
from tests.conftest import Connect

READERS = [db.COMPOSE_ROLE, db.WORKER_ROLE, db.INBOX_ROLE, db.DIRECTORY_ROLE]


def people(connection: Connection, wanted: audience.Audience, **limits: int) -> list[int]:
    """The user ids, sorted; somebody found twice stands there twice. They are as many as are counted."""
    found = sorted(connection.execute(text(wanted.sql), wanted.parameters(**limits)).scalars())
    assert connection.execute(text(wanted.count_sql), wanted.parameters(**limits)).scalar_one() == len(found)
    return found


def everyone(platform: factories.Platform, version: int) -> audience.Audience:
    return audience.Audience([platform.id], version)


def chosen(version: int, *scopes: factories.Scope) -> audience.Audience:
    return audience.Audience([scope.id for scope in scopes], version)


def version_of(connection: Connection, platform: factories.Platform) -> int:
    statement = text("SELECT directory_version FROM platforms WHERE id = :id")
    return int(connection.execute(statement, {"id": platform.id}).scalar_one())


@pytest.fixture
def as_owner(connection: Connect) -> Connection:
    return connection()


def test_an_organisation_reaches_its_own_people_and_those_of_its_clinics_once(as_owner: Connection) -> None:
    platform = factories.platform(as_owner)
    organisation, other = factories.organisation(as_owner, platform), factories.organisation(as_owner, platform)
    first, second = factories.clinic(as_owner, organisation), factories.clinic(as_owner, organisation)
    everywhere = factories.user(as_owner, platform, organisation, first, second, other)
    in_second = factories.user(as_owner, platform, second)
    outside = factories.user(as_owner, platform, other)
    nowhere = factories.user(as_owner, platform)
    factories.user(as_owner, platform, status="pending")
    now = version_of(as_owner, platform)
    for scopes, expected in [
        ([organisation], [everywhere, in_second]),
        ([first], [everywhere]),
        ([first, second], [everywhere, in_second]),
        ([organisation, second, other], [everywhere, in_second, outside]),
    ]:
        assert people(as_owner, chosen(now, *scopes)) == [user.id for user in expected]
    assert people(as_owner, everyone(platform, now)) == [user.id for user in (everywhere, in_second, outside, nowhere)]


def test_an_audience_of_a_version_stays_as_it_was(as_owner: Connection) -> None:
    platform = factories.platform(as_owner)
    clinic = factories.clinic(as_owner, factories.organisation(as_owner, platform))
    elsewhere = factories.clinic(as_owner, factories.organisation(as_owner, platform))
    mover, leaver, disabled = [factories.user(as_owner, platform, clinic) for _ in range(3)]
    seen: dict[int, tuple[list[int], list[int]]] = {}

    def look() -> None:
        now = version_of(as_owner, platform)
        seen[now] = (people(as_owner, chosen(now, clinic)), people(as_owner, everyone(platform, now)))
        for version, (in_clinic, in_platform) in seen.items():
            assert people(as_owner, chosen(version, clinic)) == in_clinic
            assert people(as_owner, everyone(platform, version)) == in_platform

    look()
    factories.member(as_owner, mover, elsewhere)
    factories.leave(as_owner, mover, clinic)
    look()
    factories.leave(as_owner, leaver, clinic)
    factories.set_status(as_owner, disabled, "disabled")
    look()
    newcomer = factories.user(as_owner, platform, clinic)
    factories.set_status(as_owner, disabled, "active")
    factories.member(as_owner, leaver, clinic)
    look()
    assert [in_clinic for in_clinic, _ in seen.values()] == [
        [mover.id, leaver.id, disabled.id],
        [leaver.id, disabled.id],
        [],
        [leaver.id, newcomer.id],
    ]


def test_an_administrator_belongs_to_the_audience_too(as_owner: Connection) -> None:
    platform = factories.platform(as_owner)
    clinic = factories.clinic(as_owner, factories.organisation(as_owner, platform))
    administrator = factories.user(as_owner, platform)
    factories.administrator(as_owner, administrator, clinic)
    assert people(as_owner, chosen(version_of(as_owner, platform), clinic)) == [administrator.id]


def test_ranges_of_user_ids_cut_an_audience_without_gap_or_overlap(as_owner: Connection) -> None:
    platform = factories.platform(as_owner)
    clinics = [factories.clinic(as_owner, factories.organisation(as_owner, platform)) for _ in range(2)]
    users = [factories.user(as_owner, platform, *clinics) for _ in range(7)]
    now = version_of(as_owner, platform)
    for wanted in (everyone(platform, now), chosen(now, *clinics)):
        bounds = [audience.NO_USER, users[1].id, users[4].id, audience.LAST_USER]
        parts = [
            people(as_owner, wanted, after_user_id=after, up_to_user_id=up_to)
            for after, up_to in itertools.pairwise(bounds)
        ]
        assert [len(part) for part in parts] == [2, 3, 2]
        assert [*itertools.chain(*parts)] == people(as_owner, wanted)


@pytest.mark.parametrize("role", READERS)
def test_every_service_may_look_an_audience_up(connection: Connect, role: str) -> None:
    platform = factories.platform(connection())
    organisation = factories.organisation(connection(), platform)
    user = factories.user(connection(), platform, organisation)
    acting = connection(role)
    now = version_of(acting, platform)
    assert people(acting, everyone(platform, now)) == people(acting, chosen(now, organisation)) == [user.id]
