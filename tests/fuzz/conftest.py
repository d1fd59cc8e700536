"""One world for all modules that leave it as a hub is left by its users: fuller, and otherwise as it was."""

from collections.abc import Iterator

import pytest

from cli.embedded import server
from tests import apis as both


@pytest.fixture(scope="session")
def apis(postgres: server.Server, template_database: str) -> Iterator[both.Apis]:
    with both.running(postgres, template_database, "apis_fuzz") as made:
        both.fill(made)
        yield made
