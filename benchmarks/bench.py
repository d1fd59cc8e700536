"""What every question gets: a running hub, the size of the run, and platforms that are made when first asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import hub as hubs
from benchmarks import seed


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured. `audiences` are numbers of users, the last one is what "large" means in this run."""

    audiences: tuple[int, ...]
    rounds: int
    samples: int
    reads_each: int
    load_seconds: int

    @property
    def large(self) -> int:
        return self.audiences[-1]


SIZES = {
    "quick": Size(audiences=(1_000, 100_000), rounds=3, samples=100, reads_each=10, load_seconds=1),
    "full": Size(audiences=(1_000, 100_000, 1_000_000), rounds=5, samples=200, reads_each=25, load_seconds=2),
}


@dataclass
class Bench:
    """`say` reports progress."""

    hub: hubs.Hub
    size: Size
    folder: Path
    say: Callable[[str], None]
    _platforms: dict[int, seed.Platform] = field(default_factory=dict)

    def platform(self, people: int) -> seed.Platform:
        """A platform of this hub with that many people."""
        if people not in self._platforms:
            self.say(f"importing a directory of {people:,} people")
            self._platforms[people] = self.make_platform(self.hub, seed.Platform(f"bench-{people}", people))
        return self._platforms[people]

    def make_platform(self, hub: hubs.Hub, platform: seed.Platform) -> seed.Platform:
        folder = self.folder / platform.key
        seed.write_files(folder, platform)
        seed.create(hub, platform)
        seed.import_files(hub, platform, folder)
        return platform
