"""Imports change the directory during fan-outs: people join, leave, are disabled, clinics move between organisations."""

import dataclasses
import random
from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine

from drills import platforms, triggers
from drills.platforms import Directory, Membership, Person, Platform
from drills.scenario import Scenario
from shared import db


def drill(scenario: Scenario) -> None:
    original = {platform.key: platform.now for platform in scenario.platforms.values()}
    engine = scenario.hub.engine_as(db.DIRECTORY_ROLE)
    try:
        scenario.inject(partial(inside_a_batch, engine=engine), partial(imported, engine=engine), least=0.1, most=1.5)
    finally:
        # The readers that are checked are those of the beginning.
        for platform in scenario.platforms.values():
            _put(scenario, engine, platform, _with_newcomers(original[platform.key], platform.now))
        engine.dispose()


def imported(scenario: Scenario, engine: Engine) -> None:
    platform = scenario.rng.choice(list(scenario.platforms.values()))
    _put(scenario, engine, platform, changed(platform.now, scenario.rng))
    scenario.note("imports")


def inside_a_batch(scenario: Scenario, engine: Engine) -> None:
    """An import commits while some batches of a message are written and not committed, and some not begun."""
    platform = scenario.platforms[platforms.LARGE]
    with triggers.holding(scenario.engine, at="written") as hold:
        scenario.post(platform.key)
        hold.wait()
        _put(scenario, engine, platform, changed(platform.now, scenario.rng))
    scenario.note("imports inside a batch")


def changed(before: Directory, rng: random.Random) -> Directory:
    """Something happens to a tenth of the people; one clinic moves to another organisation. Administrators stay what they are."""
    clinics = dict(before.clinics)
    if len(before.organisations) > 1:
        clinics[rng.choice(list(clinics))] = rng.choice(before.organisations)
    people: list[Person] = []
    for person in before.people:
        if person.is_administrator or rng.random() < 0.9:
            people.append(person)
        else:
            people += _changed_person(person, rng, list(clinics), before.organisations)
    for _ in range(max(1, len(before.people) // 100)):
        people.append(Person(f"new-{rng.getrandbits(48):x}", (Membership("clinic", rng.choice(list(clinics))),)))
    return Directory(before.organisations, clinics, tuple(people))


def _changed_person(
    person: Person, rng: random.Random, clinics: list[str], organisations: tuple[str, ...]
) -> Iterator[Person]:
    """Removed, disabled or pending, active again, moved, in one clinic more, or in an organisation only."""
    what = rng.choice(("removed", "status", "status", "moved", "more", "organisation"))
    if what == "removed":
        return
    if what == "status":
        status = rng.choice(("disabled", "pending")) if person.is_active else "active"
        yield dataclasses.replace(person, status=status)
        return
    own = Membership("clinic", rng.choice(clinics))
    if what == "organisation":
        own = Membership("organisation", rng.choice(organisations))
    kept = person.memberships if what == "more" else ()
    yield dataclasses.replace(person, memberships=tuple(dict.fromkeys((*kept, own))))


def _put(scenario: Scenario, engine: Engine, platform: Platform, directory: Directory) -> None:
    platform.put(engine, directory, scenario.hub.folder / "files")


def _with_newcomers(original: Directory, now: Directory) -> Directory:
    known = {person.id for person in original.people}
    return dataclasses.replace(original, people=(*original.people, *(one for one in now.people if one.id not in known)))
