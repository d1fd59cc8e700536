"""One drill a file: `drill(stage)` makes its faults until the stage is over. The first line of the file says what it does."""

from types import ModuleType

from drills.faults import workers_killed

DRILLS: dict[int, ModuleType] = {
    1: workers_killed,
}
