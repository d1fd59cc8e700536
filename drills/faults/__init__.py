"""One drill a file: `drill(scenario)` makes its faults until the scenario is over. The first line of the file says what it does."""

from types import ModuleType

from drills.faults import (
    broker_lost,
    clock_set_back,
    compose_killed,
    database_lost,
    database_read_only,
    directory_changes,
    failing_statements,
    greedy_tenant,
    hanging_key_server,
    many_sweeps,
    other_releases,
    reading_meanwhile,
    recalls,
    releases_killed,
    repeated_tasks,
    workers_killed,
)

DRILLS: dict[int, ModuleType] = {
    1: workers_killed,
    2: broker_lost,
    3: database_lost,
    4: compose_killed,
    5: repeated_tasks,
    6: many_sweeps,
    7: reading_meanwhile,
    8: directory_changes,
    9: recalls,
    10: failing_statements,
    11: other_releases,
    12: database_read_only,
    13: hanging_key_server,
    14: clock_set_back,
    15: greedy_tenant,
    16: releases_killed,
}
