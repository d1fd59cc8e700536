"""The demo platforms: the files of two invented directories, the same every time, and their import into an empty hub.

Called by `message-hub run` and by tests. It goes through the same import as a real directory and knows no other way in.
"""

import csv
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from services.directory.actions import import_
from services.directory.actions import platforms as platform_actions

PLATFORM = "demo"
STANDARD_PLATFORM = "demo-standard"

# External ids of people on the platform `demo` that are worth signing in as.
PLATFORM_ADMINISTRATOR = "platform-administrator"
PLATFORM_ADMINISTRATOR_2 = "platform-administrator-2"
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
# organisation: (clinic, share of the people)
_CLINICS = {
    "northern-care": {"aspen-street": 9, "birch-hill": 7, "cedar-park": 12, "dunmore": 4, "elm-square": 6},
    "harbour-health": {"fairhaven": 10, "gull-point": 5, "harbour-central": 14, "islington-quay": 6},
    "valley-medical": {"juniper-valley": 11, "kestrel-road": 8, "larkfield": 8},
}
_FIRST_NAMES = """
    Abena Aiko Alejandra Amir Anders Aroha Ayesha Beatriz Carmen Chen Claire Daniel Dilnoza Eamon Elif Emeka Farid Fatima Grace Haruto
    Ines Ioana Jamal Joana Kavya Kwame Leila Linh Magnus Mateo Maya Mohammed Nadia Niamh Nikolai Olga Oskar Priya Rafael Zoë
""".split()  # noqa: SIM905
_LAST_NAMES = """
    Abebe Adeyemi Ahmed Almeida Andersson Banerjee Bianchi Boateng Byrne Castillo Chen Dubois Eriksen Fernández García Haddad Horvat
    Ivanova Jackson Kaur Kim Kowalski López Macdonald Mbeki Mehta Müller Nakamura Nguyen Novák O’Brien Patel Popescu Rossi Sato Silva
    Tran Wójcik Yılmaz Ziegler
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
    existing = {platform.key: platform.directory_version for platform in platform_actions.list_platforms(engine)}
    is_unfinished = existing.get(PLATFORM) == 0 and existing.keys() <= {PLATFORM, STANDARD_PLATFORM}
    if existing and not is_unfinished:
        return False
    for key, name, plan in (
        (PLATFORM, "Demo Telehealth", "enterprise"),
        (STANDARD_PLATFORM, "Demo Telehealth Standard", "standard"),
    ):
        platform_actions.put_platform(engine, key=key, name=name, plan=plan, operator=operator)
    with tempfile.TemporaryDirectory(prefix="message-hub-demo-") as name:
        write(Path(name))
        for key in (STANDARD_PLATFORM, PLATFORM):
            import_.import_directory(engine, platform_key=key, folder=Path(name) / key, operator=operator)
    return True


def write(folder: Path) -> None:
    """Writes the CSV files of both platforms, each into a folder below `folder` that is named by its key."""
    _write_directory(folder / PLATFORM, _ORGANISATIONS, _CLINICS, [*_special_people(), *_people()])
    chance = random.Random(72)  # noqa: S311 (names of a demo)
    staff = [
        _Person(f"s{number:03d}", _name(chance), (("clinic", "meadow-clinic", "member"),)) for number in range(1, 12)
    ]
    administrator = _Person(STANDARD_ADMINISTRATOR, "Ruth Campbell", (("platform", "", "administrator"),))
    organisations, clinics = {"meadow-health": "Meadow Health"}, {"meadow-health": {"meadow-clinic": 1}}
    _write_directory(folder / STANDARD_PLATFORM, organisations, clinics, [administrator, *staff])


def _write_directory(
    folder: Path, organisations: dict[str, str], clinics: dict[str, dict[str, int]], people: list[_Person]
) -> None:
    files: dict[str, list[tuple[str, ...]]] = {
        "organisations": [("external_id", "name"), *organisations.items()],
        "clinics": [
            ("external_id", "organisation", "name"),
            *((one, inside, one.replace("-", " ").title()) for inside, some in clinics.items() for one in some),
        ],
        "users": [
            ("external_id", "name", "email", "status"),
            *((one.external_id, one.name, f"{one.external_id}@example.org", one.status) for one in people),
        ],
        "memberships": [
            ("user", "level", "scope", "role"),
            *((one.external_id, *membership) for one in people for membership in one.memberships),
        ],
    }
    folder.mkdir(parents=True)
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


def _special_people() -> list[_Person]:
    """At least one administrator of every scope, and the people whom the constants above name."""

    def administrator(external_id: str, name: str, *scopes: tuple[str, str]) -> _Person:
        return _Person(external_id, name, tuple((*scope, "administrator") for scope in scopes))

    fairhaven = (("clinic", "fairhaven", "member"),)
    chance = random.Random(71)  # noqa: S311 (names of a demo)
    scopes = [("organisation", one) for one in _ORGANISATIONS]
    scopes += [("clinic", one) for some in _CLINICS.values() for one in some]
    return [
        administrator(PLATFORM_ADMINISTRATOR, "Amara Okafor", ("platform", "")),
        administrator(PLATFORM_ADMINISTRATOR_2, "Lars Lindqvist", ("platform", "")),
        administrator(ORGANISATION_ADMINISTRATOR, "Fiona Byrne", ("organisation", "harbour-health")),
        administrator(CLINIC_ADMINISTRATOR, "Mateo Castillo", ("clinic", "harbour-central")),
        administrator(
            DOUBLE_ADMINISTRATOR, "Priya Banerjee", ("organisation", "valley-medical"), ("clinic", "aspen-street")
        ),
        _Person(USER, "Noah Williams", (("clinic", "harbour-central", "member"), ("clinic", "cedar-park", "member"))),
        _Person(PENDING_USER, "Yuki Nakamura", fairhaven, "pending"),
        _Person(DISABLED_USER, "Ivan Petrov", fairhaven, "disabled"),
        *(administrator(f"administrator-{scope[1]}", _name(chance), scope) for scope in scopes),
    ]


def _people() -> Iterator[_Person]:
    """Everyone else: most in a clinic, some in two, some in an organisation as well or only there."""
    chance = random.Random(70)  # noqa: S311 (names of a demo)
    shares = {clinic: share for some in _CLINICS.values() for clinic, share in some.items()}
    for number in range(1, USER_COUNT - len(_special_people()) + 1):
        clinics = sorted(set(chance.choices(list(shares), list(shares.values()), k=2)))
        organisation = ("organisation", chance.choice(list(_ORGANISATIONS)), "member")
        kind = chance.random()
        memberships = [("clinic", clinic, "member") for clinic in clinics[: 2 if kind < 0.15 else 1]]
        if 0.15 <= kind < 0.20:
            memberships.append(organisation)
        elif 0.20 <= kind < 0.22:
            memberships = [organisation]
        yield _Person(f"u{number:05d}", _name(chance), tuple(memberships))


def members(clinic: str) -> list[str]:
    """The external ids of the clinic's members, without the people whom the constants above name."""
    return [one.external_id for one in _people() if ("clinic", clinic, "member") in one.memberships]


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"
