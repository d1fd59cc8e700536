import prometheus_client
import pytest

from shared import VERSION, db, process_metrics
from tests.conftest import MakeEngine


def test_the_release_the_process_and_the_use_of_its_pool_are_exported(make_engine: MakeEngine) -> None:
    engine = make_engine(db.INBOX_ROLE, pool_size=2)
    registry = prometheus_client.CollectorRegistry()
    process_metrics.register(registry, engine)

    def in_use() -> float | None:
        return registry.get_sample_value("message_hub_database_connections_in_use")

    assert registry.get_sample_value("message_hub_build_info", {"version": VERSION}) == 1
    assert registry.get_sample_value("message_hub_database_connections_max") == 2
    assert in_use() == 0
    with engine.connect(), engine.connect():
        assert in_use() == 2
    assert in_use() == 0
    engine.dispose()
    with engine.connect():
        assert in_use() == 1, "a pool that was made again is the one that counts"


@pytest.mark.parametrize("name", ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"])
def test_the_process_is_measured(make_engine: MakeEngine, name: str) -> None:
    registry = prometheus_client.CollectorRegistry()
    process_metrics.register(registry, make_engine(db.INBOX_ROLE))
    assert (registry.get_sample_value(name) or 0) > 0
