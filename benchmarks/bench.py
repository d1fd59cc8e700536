"""What every question is given: a running hub, how large the run is, directories that are made when first asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import hub as hubs
from benchmarks import seed


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured. `audiences` are numbers of users, the last one is what "large" means in this run."""

    name: str
    audiences: tuple[int, ...]
    rounds: int
    bell_samples: int
    behind_samples: int
    reads_each: int
    load_rounds: int
    load_seconds: int
    directory_users: int

    @property
    def large(self) -> int:
        return self.audiences[-1]


SIZES = {
    "quick": Size(
        name="quick",
        audiences=(1_000, 100_000),
        rounds=3,
        bell_samples=100,
        behind_samples=20,
        reads_each=10,
        load_rounds=3,
        load_seconds=1,
        directory_users=100_000,
    ),
    "full": Size(
        name="full",
        audiences=(1_000, 100_000, 1_000_000),
        rounds=5,
        bell_samples=200,
        behind_samples=30,
        reads_each=25,
        load_rounds=5,
        load_seconds=2,
        directory_users=1_000_000,
    ),
}


@dataclass
class Bench:
    """`say` tells whoever watches what is being done."""

    hub: hubs.Hub
    size: Size
    folder: Path
    say: Callable[[str], None]
    _platforms: dict[int, seed.Platform] = field(default_factory=dict)

    def platform(self, users: int) -> seed.Platform:
        if users not in self._platforms:
            self.say(f"filling a directory with {users:,} users")
            self._platforms[users] = seed.platform(self.hub.engine, f"bench-{users}", users=users)
        return self._platforms[users]
