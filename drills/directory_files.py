"""Writes the CSV files of `message-hub import`."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

Rows = Iterable[Sequence[str]]


def write(folder: Path, *, organisations: Rows, clinics: Rows, users: Rows, memberships: Rows) -> None:
    """Organisations as (id,), clinics as (id, organisation), users as (id, status), memberships as (user, level, scope, role)."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "organisations.csv", ("external_id", "name"), ((one, f"Group {one}") for (one,) in organisations))
    _write(folder / "clinics.csv", ("external_id", "organisation", "name"), ((one, of, one) for one, of in clinics))
    people = ((one, f"Person {one}", "", status) for one, status in users)
    _write(folder / "users.csv", ("external_id", "name", "email", "status"), people)
    _write(folder / "memberships.csv", ("user", "level", "scope", "role"), memberships)


def _write(path: Path, columns: Sequence[str], rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
