"""deploy/alerts.yml in Prometheus's own hands: which alerts fire in which situation, and which do not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "alerts.yml"
COMPOSE = 'job="message-hub", service="compose_api", instance="a:8001"'
OTHER = 'job="message-hub", service="compose_api", instance="b:8001"'
STREAM = 'job="message-hub", service="inbox_stream", instance="c:8003"'
# One value for each minute. Two replicas of compose_api say the same about the fan-out.
QUIET = {
    **{f"up{{{replica}}}": "1x120" for replica in (COMPOSE, OTHER, STREAM)},
    'up{job="message-hub", service="inbox_api", instance="d:8002"}': "1x120",
    'up{job="message-hub", service="directory", instance="e:8004"}': "1x120",
    **{
        f"message_hub_{name}{{{replica}}}": values
        for replica in (COMPOSE, OTHER)
        for name, values in {
            "messages_unfinished": "0x120",
            "oldest_unfinished_seconds": "0x120",
            "oldest_queued_seconds": "0x120",
            "oldest_undelivered_batch_seconds": "0x120",
            "oldest_uncounted_acknowledgement_seconds": "5x120",
            "last_sweep_seconds": "3x120",
            "partition_months_ahead": "3x120",
            "workers": "4x120",
            "platforms_refused": "0x120",
            "clock_offset_seconds": "3x120",
            # The test begins at the time 0.
            "database_clock_seconds": "0+60x120",
        }.items()
    },
    **{
        f'message_hub_broker_state{{{replica}, state="{state}"}}': values
        for replica in (COMPOSE, OTHER, STREAM)
        for state, values in (("ok", "1x120"), ("unreachable", "0x120"))
    },
}


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        assert not os.environ.get("CI"), "promtool is missing; .ci/run installs it"
        pytest.skip("promtool is not installed (Debian: in the package prometheus)")
    return found


def of_compose(name: str, values: str, more: str = "") -> dict[str, str]:
    """A metric that both replicas of compose_api export."""
    return {f"message_hub_{name}{{{replica}{more}}}": values for replica in (COMPOSE, OTHER)}


def state_of_redis(state: str, values: str, *, replicas: tuple[str, ...] = (COMPOSE, OTHER, STREAM)) -> dict[str, str]:
    return {f'message_hub_broker_state{{{replica}, state="{state}"}}': values for replica in replicas}


# From the first minute on, and what it leads to.
STANDSTILL = {
    **of_compose("last_sweep_seconds", "3+60x120"),
    **of_compose("messages_unfinished", "7x120"),
    **of_compose("oldest_unfinished_seconds", "0+60x120"),
    **of_compose("oldest_queued_seconds", "0+60x120"),
    **of_compose("oldest_undelivered_batch_seconds", "0+60x120"),
}
REDIS_AWAY = {
    **STANDSTILL,
    **of_compose("workers", "4 _x120"),
    **state_of_redis("ok", "1 0x120"),
    **state_of_redis("unreachable", "0 1x120"),
}
REPAIRS = ', what="batch"'


@pytest.mark.parametrize(
    ("happens", "minute", "fire"),
    [
        pytest.param({}, 100, {}, id="nothing is wrong"),
        pytest.param(
            {'message_hub_scim_braked_platforms{job="message-hub", service="directory", instance="e:8004"}': "0 1x120"},
            10,
            {"MessageHubScimBraked": ["warning"]},
            id="an identity provider deactivated too many users",
        ),
        pytest.param(
            REDIS_AWAY, 60, {"MessageHubBrokerAway": ["warning", "warning"]}, id="Redis is away: every bell is right"
        ),
        pytest.param(
            {**STANDSTILL, **of_compose("workers", "4 0x120")},
            60,
            {"MessageHubNoWorkers": ["critical"]},
            id="no worker lives: one critical",
        ),
        pytest.param(
            {**of_compose("last_sweep_seconds", "3+60x120")},
            10,
            {"MessageHubNoSweep": ["warning"]},
            id="workers live and beat does not",
        ),
        pytest.param(
            STANDSTILL,
            30,
            {
                "MessageHubNoSweep": ["warning"],
                "MessageHubMessageQueued": ["warning"],
                "MessageHubBatchStuck": ["warning"],
                "MessageHubMessageStuck": ["critical"],
            },
            id="workers live and do nothing",
        ),
        pytest.param(
            {
                **STANDSTILL,
                **state_of_redis("ok", "0x120", replicas=(STREAM,)),
                **state_of_redis("unreachable", "1x120", replicas=(STREAM,)),
            },
            30,
            {
                "MessageHubBrokerAway": ["warning"],
                "MessageHubNoSweep": ["warning"],
                "MessageHubMessageQueued": ["warning"],
                "MessageHubBatchStuck": ["warning"],
                "MessageHubMessageStuck": ["critical"],
            },
            id="Redis is away for the stream only: the fan-out is not excused",
        ),
        pytest.param(
            {**of_compose("drafts_overdue_seconds", "0 5x2 0+60x120"), **of_compose("drafts_held", "0x120")},
            10,
            {"MessageHubDraftsLate": ["critical"]},
            id="no process releases scheduled drafts",
        ),
        pytest.param(
            {**of_compose("drafts_overdue_seconds", "0+60x120"), **of_compose("drafts_held", "1x120")},
            90,
            {"MessageHubDraftsHeld": ["warning"]},
            id="an operator forgot that releases are on hold",
        ),
        pytest.param(
            {**of_compose("drafts_missed", "0 2x120"), **of_compose("drafts_failed", "0 1x120")},
            10,
            {"MessageHubDraftsMissed": ["critical"], "MessageHubDraftsFailed": ["warning"]},
            id="scheduled drafts were not sent",
        ),
        pytest.param(
            of_compose("workers", "4x60 2x60"),
            70,
            {"MessageHubFewWorkers": ["warning"]},
            id="half of the workers are gone",
        ),
        pytest.param(of_compose("workers", "4x60 3x60"), 70, {}, id="one of four workers is gone"),
        pytest.param(of_compose("workers", "4x30 8x4 4x60"), 60, {}, id="a release doubled the workers for minutes"),
        pytest.param(
            {**REDIS_AWAY, **of_compose("sweep_repairs_total", "0x9 20x120", REPAIRS)},
            20,
            {"MessageHubBrokerAway": ["warning", "warning"]},
            id="Redis was emptied: no task was lost otherwise",
        ),
        pytest.param(
            of_compose("sweep_repairs_total", "0+1x120", REPAIRS),
            40,
            {"MessageHubTasksLost": ["warning"]},
            id="tasks get lost",
        ),
        pytest.param(
            of_compose("sweep_repairs_total", "0+5x120", ', what="completion"'),
            40,
            {},
            id="sweeps are faster than slow workers",
        ),
        pytest.param(
            {
                **of_compose("accepted_to_sent_seconds_bucket", "0+10x120", ', le="60.0"'),
                **of_compose("accepted_to_sent_seconds_bucket", "0+20x120", ', le="120.0"'),
                **of_compose("accepted_to_sent_seconds_bucket", "0+20x120", ', le="+Inf"'),
            },
            60,
            {"MessageHubSentLate": ["warning"]},
            id="half of the messages take longer than a minute",
        ),
        pytest.param(
            {
                'haproxy_backend_http_responses_total{proxy="inbox_api", code="2xx"}': "0+900x120",
                'haproxy_backend_http_responses_total{proxy="inbox_api", code="5xx"}': "0+100x120",
            },
            20,
            {"MessageHubOverloaded": ["warning"]},
            id="the gateway rejects what no service sees",
        ),
        pytest.param(
            of_compose("oldest_uncounted_acknowledgement_seconds", "0+60x120"),
            20,
            {"MessageHubAcknowledgementsUncounted": ["warning"]},
            id="acknowledgements are not counted",
        ),
        pytest.param(
            of_compose("platforms_refused", "0x9 2x120"),
            20,
            {"MessageHubClockWrong": ["critical"]},
            id="platforms cannot send because of the clock",
        ),
        pytest.param(
            of_compose("database_clock_seconds", "3600+60x120"),
            20,
            {"MessageHubClockDiffers": ["warning"]},
            id="the clock jumped ahead by an hour, which no sweep can know",
        ),
        pytest.param(
            of_compose("clock_offset_seconds", "-3600+60x30"),
            20,
            {"MessageHubClockDiffers": ["warning"]},
            id="the clock was set back by an hour",
        ),
    ],
)
def test_in_each_situation_these_alerts_fire_and_no_others(
    promtool: str, tmp_path: Path, happens: dict[str, str], minute: int, fire: dict[str, list[str]]
) -> None:
    expected = [
        {"labels": f'{{alertname="{name}", severity="{severities[0]}"}}', "value": len(severities)}
        for name, severities in sorted(fire.items())
    ]
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in {**QUIET, **happens}.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{minute}m",
                        "exp_samples": expected,
                    }
                ],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(test), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_the_rules_and_the_scrape_configuration(promtool: str) -> None:
    for arguments in (["rules", str(RULES)], ["config", str(ROOT / "deploy" / "prometheus.yml")]):
        done = subprocess.run([promtool, "check", *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
