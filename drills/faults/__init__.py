"""One drill a file: `drill(stage)` makes its faults until the stage is over. The first line of the file says what it does."""

from types import ModuleType

from drills.faults import broker_lost, compose_killed, database_lost, workers_killed

DRILLS: dict[int, ModuleType] = {
    1: workers_killed,
    2: broker_lost,
    3: database_lost,
    4: compose_killed,
}
