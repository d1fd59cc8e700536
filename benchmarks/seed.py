"""Directories as large as a benchmark wants them: CSV files, brought in by `message-hub import`."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import hub as hubs
from drills import directory_files

ORGANISATIONS = 100
CLINICS_EACH = 10
_IMPORT_S = 900


@dataclass(frozen=True)
class Platform:
    """`people` in clinics, evenly, every tenth in a second clinic of another organisation; an administrator of it all.

    `extra` are the ids of people who are in the first clinic only.
    """

    key: str
    people: int
    clinics_each: int = CLINICS_EACH
    extra: Sequence[str] = ()

    @property
    def users(self) -> int:
        return self.people + len(self.extra) + 1

    @property
    def clinics(self) -> int:
        return ORGANISATIONS * self.clinics_each

    def clinic(self, number: int) -> str:
        number %= self.clinics
        return f"o{number // self.clinics_each}-c{number % self.clinics_each}"

    def user(self, share: float) -> str:
        """The id of the one at that share (0 to 1) of all people."""
        return f"u{int(share * (self.people - 1))}"


def write_files(folder: Path, platform: Platform) -> None:
    people = itertools.chain([hubs.ADMINISTRATOR], platform.extra, (f"u{n}" for n in range(platform.people)))
    directory_files.write(
        folder,
        organisations=((f"o{n}",) for n in range(ORGANISATIONS)),
        clinics=((platform.clinic(n), f"o{n // platform.clinics_each}") for n in range(platform.clinics)),
        users=((one, "active") for one in people),
        memberships=_memberships(platform),
    )


def create(hub: hubs.Hub, platform: Platform) -> None:
    command(hub, "platform", platform.key, "--name", platform.key, "--plan", "enterprise")


def import_files(hub: hubs.Hub, platform: Platform, folder: Path) -> float:
    """Seconds that `message-hub import` takes, its start included."""
    hub.checkpoint()
    began = time.perf_counter()
    command(hub, "import", "--platform", platform.key, str(folder))
    return time.perf_counter() - began


def command(hub: hubs.Hub, *arguments: str) -> None:
    line = [sys.executable, "-m", "cli", *arguments]
    done = subprocess.run(line, env=hub.environment, capture_output=True, text=True, check=False, timeout=_IMPORT_S)
    if done.returncode:
        raise RuntimeError(f"message-hub {' '.join(arguments)} failed: {done.stderr or done.stdout}")


def _memberships(platform: Platform) -> Iterable[Sequence[str]]:
    yield hubs.ADMINISTRATOR, "platform", "", "administrator"
    for user in platform.extra:
        yield user, "clinic", platform.clinic(0), "member"
    for number in range(platform.people):
        yield f"u{number}", "clinic", platform.clinic(number), "member"
        if number % 10 == 0:
            yield f"u{number}", "clinic", platform.clinic(number + 5 * platform.clinics_each + 1), "member"
