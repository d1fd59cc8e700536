"""The four files of an import as plain Python values: written to a folder, and what they mean worked out the naive way."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from services.directory import report
from services.directory.actions import import_

# user, level, scope, role: one membership in force, by external ids
Membership = tuple[str, str, str, str]


@dataclass
class Files:
    """One state of a directory. Tests change it as they please and write it again."""

    organisations: dict[str, str] = field(default_factory=dict)
    clinics: dict[str, tuple[str, str]] = field(default_factory=dict)
    users: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    memberships: list[tuple[str, str, str, str]] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        _write(folder / "organisations.csv", "external_id,name", list(self.organisations.items()))
        _write(
            folder / "clinics.csv",
            "external_id,organisation,name",
            [(key, organisation, name) for key, (organisation, name) in self.clinics.items()],
        )
        _write(
            folder / "users.csv", "external_id,name,email,status", [(key, *rest) for key, rest in self.users.items()]
        )
        _write(folder / "memberships.csv", "user,level,scope,role", self.memberships)
        return folder

    def in_force(self) -> set[Membership]:
        """The memberships that these files put in force, those of the scopes above included, from nothing but the rules."""
        active = {key for key, (_name, _email, status) in self.users.items() if status == "active"}
        stated: dict[tuple[str, str, str], str] = {}
        for user, level, scope, role in self.memberships:
            if user in active and stated.get((user, level, scope)) != "administrator":
                stated[user, level, scope] = role
        stated = {key: role for key, role in stated.items() if key[1] != "platform" or role == "administrator"}
        roles = {(user, "platform", ""): "implied" for user in active}
        for user, level, scope in stated:
            if level == "clinic":
                roles[user, "organisation", self.clinics[scope][0]] = "implied"
        return {(*key, role) for key, role in (roles | stated).items()}

    def counts(self) -> dict[tuple[str, str], int]:
        """How many people each scope reaches, by level and external id."""
        in_force = self.in_force()
        scopes = [("platform", ""), *(("organisation", key) for key in self.organisations)]
        scopes += [("clinic", key) for key in self.clinics]
        return {wanted: len({user for user, *scope, _ in in_force if tuple(scope) == wanted}) for wanted in scopes}


def small() -> Files:
    """Two organisations, three clinics, six people."""
    return Files(
        organisations={"north": "North", "south": "South"},
        clinics={"n1": ("north", "N one"), "n2": ("north", "N two"), "s1": ("south", "S one")},
        users={
            "ada": ("Ada", "ada@example.org", "active"),
            "ben": ("Ben", "ben@example.org", "active"),
            "cleo": ("Cleo", "cleo@example.org", "active"),
            "dan": ("Dan", "", "active"),
            "pia": ("Pia", "pia@example.org", "pending"),
            "dis": ("Dis", "dis@example.org", "disabled"),
        },
        memberships=[
            ("ada", "platform", "", "administrator"),
            ("ben", "organisation", "north", "administrator"),
            ("ben", "clinic", "s1", "member"),
            ("cleo", "clinic", "n1", "member"),
            ("cleo", "clinic", "n2", "administrator"),
            ("pia", "clinic", "n1", "member"),
            ("dis", "clinic", "n1", "member"),
        ],
    )


def crowd(count: int) -> Files:
    """One organisation with one clinic and `count` people: the first administers the platform, the others are members of the clinic."""
    people = [f"u{number:04d}" for number in range(count)]
    return Files(
        organisations={"org": "Org"},
        clinics={"clinic": ("org", "Clinic")},
        users={user: (f"Name of {user}", f"{user}@example.org", "active") for user in people},
        memberships=[
            *((user, "platform", "", "administrator") for user in people[:1]),
            *((user, "clinic", "clinic", "member") for user in people[1:]),
        ],
    )


def run(
    engine: Engine,
    files: Files,
    folder: Path,
    *,
    key: str = "acme",
    allow_removals: int = 0,
    allow_no_administrator: bool = True,
) -> report.ImportReport:
    """Writes `files` and imports them. Most of these directories have no administrator of the platform."""
    return import_.import_directory(
        engine,
        platform_key=key,
        folder=files.write(folder),
        options=report.Options(allow_removals, allow_no_administrator),
    )


def read_in_force(connection: Connection, *, key: str = "acme", version: int | None = None) -> set[Membership]:
    """What the database says is in force now, or was as of `version`."""
    condition = (
        "m.valid_to_version IS NULL"
        if version is None
        else "m.valid_from_version <= :version AND (m.valid_to_version IS NULL OR m.valid_to_version > :version)"
    )
    rows = connection.execute(
        text(f"""
            SELECT u.external_id, CAST(s.level AS text), CASE WHEN s.id = p.id THEN '' ELSE s.external_id END,
                   CAST(m.role AS text)
            FROM memberships m
            JOIN platforms p ON p.id = m.platform_id
            JOIN users u ON u.id = m.user_id AND u.platform_id = p.id
            JOIN scopes s ON s.id = m.scope_id AND s.platform_id = p.id
            WHERE p.key = :key AND {condition}
        """),
        {"key": key, "version": version} if version is not None else {"key": key},
    ).all()
    assert len(rows) == len(set(rows)), "nobody is twice in one scope"
    return {tuple(row) for row in rows}


def read_counts(connection: Connection, *, key: str = "acme") -> dict[tuple[str, str], int]:
    """The user counts of all active scopes by level and external id; those that have ended have nobody."""
    rows = connection.execute(
        text("""
            SELECT CAST(s.level AS text), CASE WHEN s.id = p.id THEN '' ELSE s.external_id END, s.user_count
            FROM scopes s JOIN platforms p ON p.id = s.platform_id
            WHERE p.key = :key AND (s.active OR s.user_count <> 0)
        """),
        {"key": key},
    )
    return {(level, scope): count for level, scope, count in rows}


def read_everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables of the directory with the transactions that wrote them: equal means nothing was touched."""
    tables = ("platforms", "scopes", "scope_ancestors", "users", "memberships")
    return {
        table: sorted(
            tuple(row) for row in connection.execute(text(f"SELECT CAST(xmin AS text), CAST(t AS text) FROM {table} t"))
        )
        for table in tables
    }


def _write(path: Path, header: str, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
