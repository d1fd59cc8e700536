"""Drill 8: imports that change the directory under a fan-out. Recipients are those as of acceptance, to the last one."""

import dataclasses
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from services.directory import report
from services.directory.actions import import_
from services.directory.actions import platforms as platform_actions
from services.fanout_worker.actions import sweep
from shared import contracts, db
from shared.audience import ChosenScopes
from tests import factories, messages
from tests.directory.files import Files
from tests.drills.faults.conftest import Hub, expansion
from tests.threads import beside


class Held(report.Silent):
    """Holds an import up once everything is written and nothing is committed."""

    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.may_go_on = threading.Event()

    def step(self, label: str, total: int | None) -> None:
        if label == "Counting":
            self.is_there.set()
            assert self.may_go_on.wait(60)


@dataclasses.dataclass
class Town:
    """A platform whose directory comes from files, beside the one of the worker's tests."""

    hub: Hub
    engine: sqlalchemy.Engine
    folder: Path
    files: Files
    platform: factories.Platform
    sender: factories.User

    def run_import(self, progress: report.Progress | None = None) -> None:
        import_.import_directory(
            self.engine,
            platform_key="town",
            folder=self.files.write(self.folder),
            options=report.Options(allow_removals=1_000, allow_no_administrator=True),
            progress=progress or report.Silent(),
        )

    def accept(self, audience: ChosenScopes) -> uuid.UUID:
        return messages.accept(self.hub.compose, self.sender, self.platform, audience)

    def people(self, audience: ChosenScopes) -> set[str]:
        """Who is in it by what the files say, from nothing but the rules."""
        return {
            user
            for user, level, scope, _role in self.files.in_force()
            if audience.everyone
            or scope in {"organisation": audience.organisations, "clinic": audience.clinics}.get(level, ())
        }

    def who_has(self, message_id: uuid.UUID) -> list[str]:
        """Whose entries are written; whoever has two stands there twice."""
        statement = """SELECT u.external_id FROM inbox_entries e JOIN users u ON u.id = e.user_id
                       WHERE e.message_id = :id ORDER BY u.external_id"""
        with self.hub.engine.connect() as connection:
            return list(connection.execute(sqlalchemy.text(statement), {"id": message_id}).scalars())

    def change(self, number: int) -> None:
        """People join, leave, are disabled and come back; roles change; a clinic goes to the other organisation and back."""
        files = self.files
        names = [user for user in files.users if user.startswith("u")]
        for index, name in enumerate(names):
            if index % 7 == number % 7:
                _name, email, status = files.users[name]
                files.users[name] = (_name, email, "disabled" if status == "active" else "active")
        gone = names[number % len(names)]
        files.memberships = [one for one in files.memberships if one[0] != gone]
        files.users[f"u-new-{number}"] = (f"New {number}", "", "active")
        files.memberships.append((f"u-new-{number}", "clinic", "n1" if number % 2 else "s1", "member"))
        files.memberships = [
            (user, level, scope, ("administrator" if role == "member" else "member") if user.endswith("3") else role)
            for user, level, scope, role in files.memberships
        ]
        files.clinics["n2"] = ("south" if files.clinics["n2"][0] == "north" else "north", "N two")
        if number == 2:
            del files.clinics["s2"]
            files.memberships = [one for one in files.memberships if one[2] != "s2"]


@pytest.fixture
def town(hub: Hub, make_engine: object, tmp_path: Path) -> Iterator[Town]:
    engine = make_engine(db.DIRECTORY_ROLE)  # type: ignore[operator]
    files = Files(
        organisations={"north": "North", "south": "South"},
        clinics={
            "n1": ("north", "N one"),
            "n2": ("north", "N two"),
            "s1": ("south", "S one"),
            "s2": ("south", "S two"),
        },
        users={"chief": ("Chief", "", "active"), **{f"u{n:02}": (f"User {n}", "", "active") for n in range(30)}},
        memberships=[
            ("chief", "platform", "", "administrator"),
            *((f"u{n:02}", "clinic", ("n1", "n2", "s1", "s2")[n % 4], "member") for n in range(30)),
            *((f"u{n:02}", "clinic", "n2", "member") for n in range(0, 30, 8)),
            ("u05", "organisation", "south", "member"),
        ],
    )
    change = platform_actions.put_platform(engine, key="town", name="Town", plan="enterprise")
    platform = factories.Platform(change.platform.id, "town")
    small = dataclasses.replace(hub.context.settings, batch_size=4, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=small)
    made = Town(
        hub, engine, tmp_path / "files", files, platform, factories.User(0, platform.id, "chief", "Chief", "active")
    )
    made.run_import()
    yield made
    engine.dispose()


NORTH = ChosenScopes(everyone=False, organisations=("north",), clinics=())
MIXED = ChosenScopes(everyone=False, organisations=("south",), clinics=("n2",))


@pytest.mark.parametrize("audience", [messages.EVERYONE, NORTH, MIXED], ids=["everyone", "organisation", "mixed"])
def test_an_import_between_any_two_steps_changes_nothing_about_an_accepted_message(
    town: Town, audience: ChosenScopes
) -> None:
    expected = town.people(audience)
    message_id = town.accept(audience)
    tasks: list[contracts.Contract] = [expansion(message_id)]
    steps = 0
    while tasks:
        if steps < 8:
            town.change(steps)
            town.run_import()
        town.hub.run(tasks.pop(steps % len(tasks)))
        tasks += town.hub.published.contracts
        town.hub.published.contracts.clear()
        steps += 1
    assert steps > 4
    assert town.people(audience) != expected
    assert town.who_has(message_id) == sorted(expected)
    message = town.hub.message(message_id)
    assert (message.status, message.recipient_count) == ("sent", len(expected))


def test_an_import_that_has_written_everything_and_not_committed_is_neither_waited_for_nor_seen(town: Town) -> None:
    hub, held = town.hub, Held()
    before = {audience: town.people(audience) for audience in (messages.EVERYONE, NORTH, MIXED)}
    earlier = {town.accept(audience): audience for audience in before}
    for message_id in earlier:
        hub.run(expansion(message_id))  # a first step; its batches and the next step wait
    town.change(2)
    with beside(lambda: town.run_import(held)):
        try:
            assert held.is_there.wait(30)
            meanwhile = {town.accept(audience): audience for audience in before}
            hub.work()
            for message_id in meanwhile:
                hub.published.contracts.append(expansion(message_id))
            for _ in range(6):  # some steps of these before the import commits, the others after it
                hub.run(hub.published.contracts.pop(0))
        finally:
            held.may_go_on.set()
    for message_id, audience in earlier.items():
        assert town.who_has(message_id) == sorted(before[audience])
    after = {town.accept(audience): audience for audience in before}
    for message_id in after:
        hub.published.contracts.append(expansion(message_id))
    hub.work()
    sweep.sweep(hub.context)
    for message_id, audience in meanwhile.items():
        assert town.who_has(message_id) == sorted(before[audience]), "accepted before the import was there"
    for message_id, audience in after.items():
        assert town.who_has(message_id) == sorted(town.people(audience))
        assert town.people(audience) != before[audience]
    with hub.engine.connect() as connection:
        statement = sqlalchemy.text("SELECT count(*) FROM messages WHERE status <> 'sent'")
        assert connection.execute(statement).scalar_one() == 0
