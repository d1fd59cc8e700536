"""The directory: time and size of a large import, against plain INSERTs of the same rows; how fast the tree and previews are.

Asked first, while the hub has no other platform.
"""

import time
from typing import Any

import sqlalchemy

from benchmarks import hub as hubs
from benchmarks import report, seed
from benchmarks.bench import Bench
from benchmarks.report import Answer, Row, Table, Target

_SAMPLES = 50
_BOUND_MS = 200.0
_TABLES = ("users", "memberships")
_IMPORT_NOTE = (
    "`message-hub import` from its start to its end. INSERT … SELECT: the resulting rows of users and memberships into empty tables "
    "with the same columns, checks and indexes. MB: these two tables with their indexes."
)
_CHOICE_NOTE = (
    "Milliseconds over HTTP for the administrator of the platform. First: after a change of the directory, each time another "
    "choice, so that no cache can answer. Again: the same at once."
)
_SIZE = " + ".join(f"pg_total_relation_size('{table}')" for table in _TABLES)


def run(bench: Bench) -> Answer:
    hub, users = bench.hub, bench.size.large
    platform = seed.Platform("bench-directory", users, clinics_each=50)
    bench.say(f"importing a directory of {users:,} people, for the first time and unchanged")
    folder = bench.folder / platform.key
    seed.write_files(folder, platform)
    seed.create(hub, platform)
    took = {how: seed.import_files(hub, platform, folder) for how in ("first", "unchanged")}
    inserted = _insert(hub)
    with hub.engine.connect() as connection:
        size = int(connection.execute(sqlalchemy.text(f"SELECT {_SIZE}")).scalar_one())
    rows: list[Row] = [
        {
            "how": how,
            "users": users,
            "seconds": round(seconds, 1),
            "users_per_second": round(users / seconds),
            "times_insert": round(seconds / inserted, 1),
            "mb": round(size / 1e6) if how == "first" else None,
        }
        for how, seconds in {**took, "INSERT … SELECT": inserted}.items()
    ]
    bench.say("requesting the tree and previews")
    chosen, targets = _choose(hub, platform)
    what = f"Import of {users:,} users, {seed.ORGANISATIONS} organisations, {platform.clinics:,} clinics"
    return Answer("Directory", [Table(what, rows, _IMPORT_NOTE), Table("Choosing", chosen, _CHOICE_NOTE)], targets)


def _insert(hub: hubs.Hub) -> float:
    """Seconds that a plain INSERT … SELECT takes to write the tables' rows once more."""
    for table in _TABLES:
        hub.administer(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL EXCLUDING IDENTITY)")
    hub.checkpoint()
    began = time.perf_counter()
    for table in _TABLES:
        hub.administer(f"INSERT INTO bench_{table} SELECT * FROM {table}")
    took = time.perf_counter() - began
    hub.administer(*(f"DROP TABLE bench_{table}" for table in _TABLES))
    return took


def _choose(hub: hubs.Hub, platform: seed.Platform) -> tuple[list[Row], list[Target]]:
    """The tree and three previews in turn, each after a new version of the directory and then again."""
    first: dict[str, list[float]] = {}
    again: dict[str, list[float]] = {}
    for number in range(-1, _SAMPLES):  # one of each to warm up
        for name, audience in _choices(platform, number % _SAMPLES).items():
            hub.administer(
                f"UPDATE platforms SET directory_version = directory_version + 1 WHERE key = '{platform.key}'"
            )
            for kept in (first, again):
                took = _time(hub, platform, audience)
                if number >= 0:
                    kept.setdefault(name, []).append(took)
    rows: list[Row] = [
        {
            "request": name,
            "samples": _SAMPLES,
            **report.times(first[name], "first_"),
            **report.times(again[name], "again_"),
        }
        for name in first
    ]
    targets = [
        report.at_most(f"p99 in milliseconds, {name}, {how}", report.milliseconds(report.p99(kept[name])), _BOUND_MS)
        for name in first
        for how, kept in (("first", first), ("again", again))
    ]
    return rows, targets


def _choices(platform: seed.Platform, number: int) -> dict[str, dict[str, Any] | None]:
    """The audiences to preview, others for each number; None is the tree."""
    organisations = [f"o{(number * 9 + n) % seed.ORGANISATIONS}" for n in range(50)]
    clinics = [platform.clinic(number * 97 + n * 23) for n in range(200)]
    return {
        "tree": None,
        "preview of everyone": hubs.EVERYONE,
        "preview of 50 organisations": {"organisations": organisations},
        "preview of 200 clinics": {"clinics": clinics},
    }


def _time(hub: hubs.Hub, platform: seed.Platform, audience: dict[str, Any] | None) -> float:
    url, headers = f"{hub.apis.compose_url}/v1/audiences", hub.bearer(hubs.ADMINISTRATOR, platform.key)
    began = time.perf_counter()
    if audience is None:
        answer = hub.http.get(url, headers=headers)
    else:
        answer = hub.http.post(f"{url}/preview", json={"audience": audience}, headers=headers)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took
