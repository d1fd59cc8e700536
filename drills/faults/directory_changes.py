"""Imports change the directory under fan-outs: people join, leave, are disabled, clinics move between organisations."""

import dataclasses
import random

from drills import triggers, world
from drills.stage import Stage


def drill(stage: Stage) -> None:
    original = {platform.key: platform.now for platform in stage.world.platforms}
    engine = stage.directory_engine()
    number = 0
    try:
        while True:
            number += 1
            platform = stage.rng.choice(stage.world.platforms)
            if number % 3 == 1:
                inside_a_batch(stage, number)
            else:
                platform.put(
                    engine, changed(platform.now, stage.rng, number), stage.hub.folder / "files" / platform.key
                )
                stage.note("imports")
            if stage.is_over and number > 1:
                return
            stage.pause(0.1, 1.5)
    finally:
        # Whoever was there at the beginning is there again: the same people are asked what they see.
        for platform in stage.world.platforms:
            platform.put(
                engine, _with_newcomers(original[platform.key], platform.now), stage.hub.folder / "files" / platform.key
            )
        engine.dispose()


def inside_a_batch(stage: Stage, number: int) -> None:
    """Some batches of a message are written and not committed, some not begun, when an import commits."""
    platform = stage.world.platform(world.LARGE)
    engine = stage.directory_engine()
    with triggers.holding(stage.engine, at="written") as hold:
        stage.post(world.LARGE)
        hold.wait()
        platform.put(engine, changed(platform.now, stage.rng, number), stage.hub.folder / "files" / platform.key)
    engine.dispose()
    stage.note("imports inside a batch")


def changed(before: world.Directory, rng: random.Random, number: int) -> world.Directory:
    """About a tenth of the people do something; one clinic goes to another organisation. Administrators stay what they are."""
    clinics = dict(before.clinics)
    if len(before.organisations) > 1:
        clinics[rng.choice(list(clinics))] = rng.choice(before.organisations)
    names = list(clinics)
    people = []
    for person in before.people:
        if any(one.role == "administrator" for one in person.memberships) or rng.random() < 0.9:
            people.append(person)
        else:
            other = _other(person, rng, names, before.organisations)
            people += [other] if other else []
    for n in range(max(1, len(before.people) // 100)):
        own = (world.Membership("clinic", rng.choice(names)),)
        people.append(world.Person(f"new-{number}-{n}", own))
    return world.Directory(before.organisations, clinics, tuple(people))


def _other(
    person: world.Person, rng: random.Random, clinics: list[str], organisations: tuple[str, ...]
) -> world.Person | None:
    """What becomes of somebody: gone, disabled or pending, active again, moved, in one clinic more, in an organisation only."""
    what = rng.choice(("gone", "status", "status", "moved", "more", "organisation"))
    if what == "gone":
        return None
    if what == "status":
        status = "active" if person.status != "active" else rng.choice(("disabled", "pending"))
        return dataclasses.replace(person, status=status)
    own = world.Membership("clinic", rng.choice(clinics))
    if what == "organisation":
        own = world.Membership("organisation", rng.choice(organisations))
    kept = person.memberships if what == "more" else ()
    return dataclasses.replace(person, memberships=tuple(dict.fromkeys((*kept, own))))


def _with_newcomers(original: world.Directory, now: world.Directory) -> world.Directory:
    known = {person.id for person in original.people}
    names = set(original.clinics)
    newcomers = [
        person
        for person in now.people
        if person.id not in known and all(one.scope in names for one in person.memberships if one.level == "clinic")
    ]
    return world.Directory(original.organisations, original.clinics, (*original.people, *newcomers))
