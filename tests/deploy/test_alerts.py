"""deploy/alerts.yml: every alert has what an operator needs, and asks for nothing that the APIs do not export."""

import re
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import yaml
from prometheus_client import parser

from services.compose_api import app as compose
from services.compose_api import metrics as compose_metrics
from services.compose_api import publisher
from services.directory import metrics as directory_metrics
from services.inbox_api.stream import metrics as stream_metrics
from shared import broker, db, redis_client, settings
from tests import factories
from tests.conftest import MakeEngine

ROOT = Path(__file__).parents[2]
ENTRIES = (ROOT / "docs" / "operations" / "alerts.md").read_text(encoding="utf-8")
METRICS = (ROOT / "docs" / "operations" / "monitoring.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
SCRAPING = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
# Labels that the scrape configuration adds.
ADDED = {"job", "instance", "service"}
# What test_gateway.py finds in the gateway's export.
OF_THE_GATEWAY = {"haproxy_backend_http_responses_total": {"proxy", "code"}}


def entry(alert: str) -> str:
    """The runbook's entry, up to the next heading."""
    found = re.search(rf"^### {alert}\n(.*?)(?=^##|\Z)", ENTRIES, re.MULTILINE | re.DOTALL)
    assert found, f"docs/operations/alerts.md has no entry for {alert}"
    return found[1]


@pytest.fixture
def exported(make_engine: MakeEngine, redis_url: str) -> dict[str, set[str]]:
    """Each sample that the APIs and what they register export, with the labels it may carry."""
    registry = prometheus_client.CollectorRegistry()
    engine = make_engine(db.COMPOSE_ROLE)
    with make_engine().begin() as connection:
        connection.exec_driver_sql("INSERT INTO fanout_counters VALUES ('sweeps', 1, now())")
    registry.register(compose_metrics.Backlog(engine))
    registry.register(compose_metrics.Workers(redis_client.make(redis_url)))
    away = "redis://127.0.0.1:1/0"
    directory_metrics.register(registry, make_engine(db.DIRECTORY_ROLE))
    publisher.Publisher(broker.make_celery(away), away, redis_client.Monitor(away)).register(registry)
    streams = stream_metrics.Metrics(registry)
    streams.ended.labels("gone")
    streams.events.labels("message")
    texts = [prometheus_client.generate_latest(registry).decode()]
    context = compose.Context(engine, publish=lambda _published: None)
    auth = settings.Auth(secret=factories.SECRET, jwks_url=None)
    client = compose.make_app(context, auth=auth, broker_state=lambda: "ok").test_client()
    client.get("/healthz")
    texts.append(client.get("/metrics").get_data(as_text=True))
    found = {name: set(labels) for name, labels in OF_THE_GATEWAY.items()}
    for text in texts:
        for family in parser.text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def metrics_of(expression: str) -> dict[str, set[str]]:
    """Each metric that an expression names, with the labels it selects by."""
    return {
        name: set(re.findall(r"(\w+)\s*[=!]~?", selected or ""))
        for name, selected in re.findall(r"\b((?:message_hub|haproxy)_\w+|up\b)(?:\{([^}]*)\})?", expression)
    }


@each_rule
def test_every_alert_waits_has_a_severity_says_what_is_wrong_and_leads_to_its_entry(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"MessageHub[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"[1-9]\d*m", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert len(rule["annotations"]["summary"]) > 20
    assert rule["annotations"]["runbook"] == f"docs/operations/alerts.md#{rule['alert'].lower()}"


@each_rule
def test_every_alert_has_an_entry_that_says_how_to_look_and_what_to_do(rule: dict[str, Any]) -> None:
    text = entry(rule["alert"])
    assert "\nLook: " in text
    assert "\nDo: " in text
    assert "`" in text.split("Look: ")[1], "how to look is a command, a metric or a line to search for"


def test_every_entry_has_an_alert_and_no_alert_stands_twice() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    section = ENTRIES.split("\n## Alerts\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (\w+)", section, re.MULTILINE) == names


@each_rule
def test_every_metric_of_an_alert_is_exported_with_the_labels_it_is_asked_by(
    rule: dict[str, Any], exported: dict[str, set[str]]
) -> None:
    named = metrics_of(rule["expr"])
    assert named
    for name, labels in named.items():
        if name == "up":
            assert SCRAPING["scrape_configs"][0]["job_name"] in rule["expr"]
            continue
        assert name in exported, f"nothing exports {name}"
        assert labels <= exported[name] | ADDED
    grouped = {
        label.strip()
        for labels in re.findall(r"\b(?:by|without) \(([^)]*)\)", rule["expr"])
        for label in labels.split(",")
    }
    known = set().union(*(exported.get(name, set()) for name in named)) | ADDED
    assert grouped <= known, f"no such label: {grouped - known}"


def test_every_metric_is_described_and_what_is_described_exists(exported: dict[str, set[str]]) -> None:
    described = set(re.findall(r"^- `(message_hub_\w+)`: ", METRICS, re.MULTILINE))
    named = {name for name in exported if name.startswith("message_hub_") and not name.endswith("_created")}
    series = {re.sub(r"_(bucket|count|sum)$", "", name) for name in named}
    assert series <= described
    sources = "".join(
        path.read_text(encoding="utf-8") for part in ("services", "shared") for path in (ROOT / part).rglob("*.py")
    )
    for name in described - series:
        assert f'"{name.removesuffix("_total")}"' in sources, f"nothing exports {name}"


def test_every_replica_is_scraped_where_docker_compose_has_it() -> None:
    targets = {
        found["names"][0]: (found["type"], found["port"])
        for job in SCRAPING["scrape_configs"]
        for found in job["dns_sd_configs"]
    }
    assert targets == {
        "compose_api": ("A", 8001),
        "inbox_api": ("A", 8002),
        "inbox_stream": ("A", 8003),
        "directory": ("A", 8004),
        "gateway": ("A", 8404),
    }
    assert SCRAPING["rule_files"] == ["alerts.yml"]
