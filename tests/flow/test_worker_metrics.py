"""What compose_api exports about workers, which have no port of their own."""

import signal

from prometheus_client import parser

from drills.hub import worker
from tests.flow.conftest import Tree
from tests.flow.hub import Hub, wait_until


def exported(hub: Hub) -> dict[str, float]:
    """The samples of compose_api without labels, and those of the largest bucket."""
    text = hub.http.get(f"{hub.apis.compose_url}/metrics").text
    return {
        sample.name: sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels or sample.labels.get("le") == "+Inf"
    }


def test_live_workers_and_the_time_from_accepted_to_sent_are_exported(hub: Hub, tree: Tree) -> None:
    before = exported(hub)
    assert before["message_hub_workers"] == 0
    hub.start_workers(2)
    wait_until(lambda: exported(hub)["message_hub_workers"] == 2, what="both workers are connected")
    message = hub.post(tree.administrator, tree.platform, {"everyone": True})
    hub.wait_sent(tree.administrator, tree.platform, message["id"])
    name = "message_hub_accepted_to_sent_seconds_bucket"
    wait_until(lambda: exported(hub)[name] > before[name], what="the message is counted")
    hub.stop(worker(1), signal.SIGKILL)
    wait_until(lambda: exported(hub)["message_hub_workers"] == 1, what="the worker that was killed is not counted")
    hub.stop(worker(2))
    wait_until(lambda: exported(hub)["message_hub_workers"] == 0, what="the worker that was stopped is not counted")
