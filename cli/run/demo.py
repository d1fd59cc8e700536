"""The demo platforms: the files of two invented directories, the same every time, and their import into an empty hub.

Called by `message-hub run` and by tests. It goes through the same import as a real directory and knows no other way in.
"""

import csv
import itertools
import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from services.directory import actions

PLATFORM = "demo"
STANDARD_PLATFORM = "demo-standard"

# External ids of people on the platform `demo` that are worth signing in as.
PLATFORM_ADMINISTRATOR = "platform-administrator"
ORGANISATION_ADMINISTRATOR = "organisation-administrator"
CLINIC_ADMINISTRATOR = "clinic-administrator"
DOUBLE_ADMINISTRATOR = "double-administrator"  # of an organisation, and of a clinic in another one
USER = "user"
PENDING_USER = "pending-user"
DISABLED_USER = "disabled-user"
# For a first try, by role: the first sends, the last reads.
PEOPLE = {
    "platform administrator": PLATFORM_ADMINISTRATOR,
    "organisation administrator": ORGANISATION_ADMINISTRATOR,
    "clinic administrator": CLINIC_ADMINISTRATOR,
    "user": USER,
}
# On `demo-standard`, whose plan does not include sending.
STANDARD_ADMINISTRATOR = "standard-administrator"

USER_COUNT = 5_000

_ORGANISATIONS = {
    "northern-care": "Northern Care Group",
    "harbour-health": "Harbour Health",
    "valley-medical": "Valley Medical Partners",
}
# external id: (organisation, name, share of the people)
_CLINICS = {
    "aspen-street": ("northern-care", "Aspen Street Clinic", 9),
    "birch-hill": ("northern-care", "Birch Hill Practice", 7),
    "cedar-park": ("northern-care", "Cedar Park Telehealth", 12),
    "dunmore": ("northern-care", "Dunmore Family Clinic", 4),
    "elm-square": ("northern-care", "Elm Square Surgery", 6),
    "fairhaven": ("harbour-health", "Fairhaven Clinic", 10),
    "gull-point": ("harbour-health", "Gull Point Practice", 5),
    "harbour-central": ("harbour-health", "Harbour Central", 14),
    "islington-quay": ("harbour-health", "Islington Quay Surgery", 6),
    "juniper-valley": ("valley-medical", "Juniper Valley Clinic", 11),
    "kestrel-road": ("valley-medical", "Kestrel Road Practice", 8),
    "larkfield": ("valley-medical", "Larkfield Medical Centre", 8),
}
_FIRST_NAMES = """
    Abena Ada Adam Aiko Alejandra Amara Amir Ana Anders Anika Antoine Aroha Ayesha Beatriz Ben Birgit Bruno Carmen Chen
    Chloe Claire Daniel Daria David Dilnoza Eamon Elena Elif Emeka Emma Erik Esther Farid Fatima Felix Fiona Gabriel Grace
    Hana Hannah Haruto Hugo Ibrahim Ines Ioana Isaac Ivan Jamal James Jana Jin Joana John Julia Kaia Karim Kavya Kwame Lars
    Laura Leila Leo Liam Linh Lucia Magnus Malik Mara Marta Mateo Maya Mei Mia Mohammed Nadia Naomi Niamh Nikolai Noah Nora
    Olga Oliver Omar Oskar Paula Pedro Petra Priya Rafael Rania Ravi Rosa Ruth Samuel Sara Sean Selma Sofia Suki Tamar Tariq
    Tatiana Thabo Theo Thomas Tomas Uma Valentina Vera Victor Wei William Yara Yuki Yusuf Zara Zoltan Zoë
""".split()  # noqa: SIM905
_LAST_NAMES = """
    Abebe Adeyemi Ahmed Almeida Andersson Bakker Banerjee Becker Bianchi Boateng Brown Byrne Campbell Castillo Chen Clarke
    Costa Cruz Davies Delgado Dubois Eriksen Evans Farah Fernández Fischer Fraser García Ghosh Green Gupta Haddad Hall Hansen
    Hassan Hill Hoffmann Horvat Hughes Hussain Ivanova Jackson Jensen Johnson Jones Kaplan Kaur Keller Khan Kim Kowalski Kumar
    Larsen Lee Lewis Lindqvist López Macdonald Martin Mbeki Mehta Meyer Morales Moreau Müller Murphy Nakamura Ndiaye Nguyen
    Novák Nowak O’Brien Okafor Okoye Olsen Osei Papadopoulos Park Patel Pereira Petrov Popescu Quinn Rahman Reid Rossi Roy
    Ryan Sato Schmidt Shah Silva Singh Smith Sokolov Suzuki Takahashi Taylor Thompson Torres Tran Usman van-Dijk Walker Wang
    Weber White Williams Wilson Wójcik Wright Yamamoto Yılmaz Young Zhang Ziegler
""".split()  # noqa: SIM905


@dataclass(frozen=True)
class _Person:
    external_id: str
    name: str
    memberships: tuple[tuple[str, str, str], ...]  # level, scope, role
    status: str = "active"


def ensure(engine: Engine, *, operator: str = "unknown") -> bool:
    """Makes the demo platforms in a hub that has no platform; True if it did. Goes on where an earlier start was cut off.

    `engine` acts as the directory's role. The demo's import comes last: while it is missing the rest is not finished.
    """
    existing = {platform.key: platform.directory_version for platform in actions.list_platforms(engine)}
    is_unfinished = existing.get(PLATFORM) == 0 and existing.keys() <= {PLATFORM, STANDARD_PLATFORM}
    if existing and not is_unfinished:
        return False
    actions.put_platform(engine, key=PLATFORM, name="Demo Telehealth", plan="enterprise", operator=operator)
    actions.put_platform(
        engine, key=STANDARD_PLATFORM, name="Demo Telehealth Standard", plan="standard", operator=operator
    )
    with tempfile.TemporaryDirectory(prefix="message-hub-demo-") as name:
        write(Path(name))
        for key in (STANDARD_PLATFORM, PLATFORM):
            actions.import_directory(engine, platform_key=key, folder=Path(name) / key, operator=operator)
    return True


def write(folder: Path) -> None:
    """Writes the CSV files of both platforms, each into a folder below `folder` that is named by its key."""
    _write_directory(folder / PLATFORM, _ORGANISATIONS, _CLINICS, _demo_people())
    _write_directory(
        folder / STANDARD_PLATFORM,
        {"meadow-health": "Meadow Health"},
        {"meadow-clinic": ("meadow-health", "Meadow Clinic", 1)},
        _standard_people(),
    )


def _write_directory(
    folder: Path,
    organisations: dict[str, str],
    clinics: dict[str, tuple[str, str, int]],
    people: Iterable[_Person],
) -> None:
    people = list(people)
    folder.mkdir(parents=True, exist_ok=True)
    _write_file(folder / "organisations.csv", ("external_id", "name"), organisations.items())
    _write_file(
        folder / "clinics.csv",
        ("external_id", "organisation", "name"),
        ((external_id, organisation, name) for external_id, (organisation, name, _) in clinics.items()),
    )
    _write_file(
        folder / "users.csv",
        ("external_id", "name", "email", "status"),
        ((person.external_id, person.name, f"{person.external_id}@example.org", person.status) for person in people),
    )
    _write_file(
        folder / "memberships.csv",
        ("user", "level", "scope", "role"),
        ((person.external_id, *membership) for person in people for membership in person.memberships),
    )


def _write_file(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _demo_people() -> Iterator[_Person]:
    special = list(_special_people())
    yield from special
    chance = random.Random(70)  # noqa: S311 (names of a demo)
    names = _names(chance)
    clinics = list(_CLINICS)
    shares = [share for _organisation, _name, share in _CLINICS.values()]
    for number in range(1, USER_COUNT - len(special) + 1):
        first, second = chance.choices(clinics, shares, k=2)
        memberships = [("clinic", first, "member")]
        kind = chance.random()
        if kind < 0.15 and second != first:
            # Works in two clinics, often of two organisations.
            memberships.append(("clinic", second, "member"))
        elif kind < 0.20:
            # Works for an organisation at large, not always the one of the clinic.
            memberships.append(("organisation", chance.choice(list(_ORGANISATIONS)), "member"))
        elif kind < 0.22:
            # Staff of an organisation without a clinic.
            memberships = [("organisation", _CLINICS[first][0], "member")]
        yield _Person(f"u{number:05d}", next(names), tuple(memberships))


def _special_people() -> Iterator[_Person]:
    """At least one administrator of everything there is, and those whom the constants above name."""
    yield _Person(PLATFORM_ADMINISTRATOR, "Amara Okafor", (("platform", "", "administrator"),))
    yield _Person("platform-administrator-2", "Lars Lindqvist", (("platform", "", "administrator"),))
    yield _Person(ORGANISATION_ADMINISTRATOR, "Fiona Byrne", (("organisation", "harbour-health", "administrator"),))
    yield _Person(CLINIC_ADMINISTRATOR, "Mateo Castillo", (("clinic", "harbour-central", "administrator"),))
    yield _Person(
        DOUBLE_ADMINISTRATOR,
        "Priya Banerjee",
        (("organisation", "valley-medical", "administrator"), ("clinic", "aspen-street", "administrator")),
    )
    yield _Person(USER, "Noah Williams", (("clinic", "harbour-central", "member"), ("clinic", "cedar-park", "member")))
    yield _Person(PENDING_USER, "Yuki Nakamura", (("clinic", "fairhaven", "member"),), "pending")
    yield _Person(DISABLED_USER, "Ivan Petrov", (("clinic", "fairhaven", "member"),), "disabled")
    names = _names(random.Random(71))  # noqa: S311 (names of a demo)
    for organisation in _ORGANISATIONS:
        yield _Person(f"administrator-{organisation}", next(names), (("organisation", organisation, "administrator"),))
    for clinic in _CLINICS:
        yield _Person(f"administrator-{clinic}", next(names), (("clinic", clinic, "administrator"),))


def _standard_people() -> Iterator[_Person]:
    yield _Person(STANDARD_ADMINISTRATOR, "Ruth Campbell", (("platform", "", "administrator"),))
    names = _names(random.Random(72))  # noqa: S311 (names of a demo)
    for number in range(1, 12):
        yield _Person(f"s{number:03d}", next(names), (("clinic", "meadow-clinic", "member"),))


def _names(chance: random.Random) -> Iterator[str]:
    """Every combination of a first and a last name once, in a shuffled order that the seed decides."""
    pairs = list(itertools.product(_FIRST_NAMES, _LAST_NAMES))
    chance.shuffle(pairs)
    for first, last in pairs:
        yield f"{first} {last.replace('-', ' ')}"
