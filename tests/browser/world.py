"""A platform of a test's own, with somebody of every level."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy

from tests import factories

EVERYONE: dict[str, Any] = {"everyone": True}
NORTH: dict[str, Any] = {"organisations": ["north"]}
ASPEN: dict[str, Any] = {"clinics": ["aspen"]}
CEDAR: dict[str, Any] = {"clinics": ["cedar"]}


@dataclass(frozen=True)
class World:
    """Organisation north with the clinics aspen and birch, organisation south with cedar and dunes; two members in each clinic."""

    platform: factories.Platform
    platform_administrator: factories.User
    organisation_administrator: factories.User  # of north
    clinic_administrator: factories.User  # of aspen
    reader: factories.User  # in aspen
    southerner: factories.User  # in cedar
    dunes: factories.Clinic

    def token(self, who: factories.User, ttl: float = 3600) -> str:
        return factories.token(who, self.platform, ttl=ttl)


def make(engine: sqlalchemy.Engine, *, plan: str = "enterprise") -> World:
    with engine.begin() as connection:
        platform = factories.platform(connection, plan=plan)
        north, south = (factories.organisation(connection, platform, external_id=name) for name in ("north", "south"))
        aspen, birch = (factories.clinic(connection, north, external_id=name) for name in ("aspen", "birch"))
        cedar, dunes = (factories.clinic(connection, south, external_id=name) for name in ("cedar", "dunes"))
        for clinic in (birch, dunes):
            for _ in range(2):
                factories.user(connection, platform, clinic)

        def administrator(name: str, of: factories.Scope) -> factories.User:
            who = factories.user(connection, platform, name=name)
            factories.administrator(connection, who, of)
            return who

        return World(
            platform=platform,
            platform_administrator=administrator("Ada Platform", platform),
            organisation_administrator=administrator("Omar Organisation", north),
            clinic_administrator=administrator("Clara Clinic", aspen),
            reader=factories.user(connection, platform, aspen, name="Rosa Reader"),
            southerner=factories.user(connection, platform, cedar, name="Sami South"),
            dunes=dunes,
        )
