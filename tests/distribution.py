"""Which process of a parallel run (`make test`) gets which tests: a file at a time, or all that share a hub at once.

What takes longest begins first, so that no process ends long after the other. pytest-xdist's own groups have no effect with pytest 9.2
(https://github.com/pytest-dev/pytest-xdist/issues/1386), and the tests that were to share a hub each started one in every process.
"""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

# Folders whose tests share what takes long to start: one process has all of them.
TOGETHER = ("tests/browser/", "tests/flow/")
# From the one that takes longest; these wait for processes most of the time, and the rest keeps the processors busy beside them.
LONGEST = (
    "tests/browser/",
    "tests/drills/test_short.py",
    "tests/cli/commands/test_run.py",
    "tests/flow/",
    "tests/deploy/test_gateway.py",
)


def unit_of(nodeid: str) -> str:
    """What one process gets as a whole: a folder or a file."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


def order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The longest first; the order of those that share a unit stays as it was."""
    known = {unit: place for place, unit in enumerate(LONGEST)}
    return sorted(items, key=lambda item: known.get(unit_of(item.nodeid), len(known)))


class Scheduling(LoadFileScheduling):
    """Hands out units in the order in which their first tests stand."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
