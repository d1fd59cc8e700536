"""Writes the CSV files of an invented directory for `message-hub import`, as large as the benchmark wants it."""

import csv
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

ORGANISATIONS = 500
CLINICS_EACH = 10
CLINICS = ORGANISATIONS * CLINICS_EACH


def write(folder: Path, *, users: int) -> None:
    """`users` people, each in one clinic, every tenth in a second one of another organisation, and an administrator of it all."""
    folder.mkdir()
    organisations = range(ORGANISATIONS)
    _write(
        folder / "organisations.csv", ("external_id", "name"), ((f"o{n}", f"Organisation {n}") for n in organisations)
    )
    _write(
        folder / "clinics.csv",
        ("external_id", "organisation", "name"),
        ((clinic(n), f"o{n // CLINICS_EACH}", f"Clinic {n}") for n in range(CLINICS)),
    )
    people = ((f"u{n}", f"Person {n}", f"person-{n}@example.org", "active") for n in range(users))
    administrator = ("administrator", "Administrator", "", "active")
    everybody = itertools.chain([administrator], people)
    _write(folder / "users.csv", ("external_id", "name", "email", "status"), everybody)
    _write(folder / "memberships.csv", ("user", "level", "scope", "role"), _memberships(users))


def clinic(number: int) -> str:
    return f"o{number // CLINICS_EACH}-c{number % CLINICS_EACH}"


def _memberships(users: int) -> Iterable[Sequence[str]]:
    yield "administrator", "platform", "", "administrator"
    for number in range(users):
        yield f"u{number}", "clinic", clinic(number % CLINICS), "member"
        if number % 10 == 0:
            yield f"u{number}", "clinic", clinic((number + 5 * CLINICS_EACH + 1) % CLINICS), "member"


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
