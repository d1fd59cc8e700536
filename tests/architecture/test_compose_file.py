"""docker-compose.yml: what docker compose refuses, what it lets pass and an engine would not, and what a deployment must have."""

import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from shared import server
from shared.web import fairness
from tests.architecture import compose_file
from tests.architecture.compose_file import ROOT
from tests.deploy import gateway

SERVICES = compose_file.services()
ONE_SHOTS = {"migrate", "logins", "cli"}
# Beat answers nobody: whether it works shows in the age of the last sweep.
UNCHECKED = ONE_SHOTS | {"beat"}
OWN = {"compose_api", "inbox_api", "directory", "fanout_worker", "beat", "migrate", "cli"}

SERVICES_BEHIND_THE_GATEWAY = ["compose_api", "inbox_api", "inbox_stream", "directory"]

in_every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_docker_compose_accepts_the_file() -> None:
    answer = compose_file.run("config", "--quiet", variables=compose_file.SECRETS)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("missing", sorted(compose_file.SECRETS))
def test_nothing_starts_without_a_secret_and_the_message_says_where_to_set_it(missing: str) -> None:
    given = {name: value for name, value in compose_file.SECRETS.items() if name != missing}
    for variables in (given, {**given, missing: ""}):
        answer = compose_file.run("config", "--quiet", variables=variables)
        assert answer.returncode != 0
        assert missing in answer.stderr
        assert ".env.example" in answer.stderr


def test_the_command_in_the_example_makes_secrets_that_docker_compose_takes(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    command = "\n".join(re.findall(r"^#   (.*)$", example, re.MULTILINE))
    shutil.copy(ROOT / ".env.example", tmp_path)
    subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True, timeout=10)

    made = tmp_path / ".env"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    values = dict(line.split("=") for line in made.read_text(encoding="utf-8").splitlines())
    assert set(values) == set(compose_file.SECRETS)
    assert len(set(values.values())) == len(values)
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values.values())
    assert compose_file.run("config", "--quiet", variables=values).returncode == 0


@in_every_service
def test_what_an_image_is_built_from_and_what_is_mounted_exists(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert Path(service["build"]["context"]) == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()
    for volume in service.get("volumes", []):
        if volume["type"] == "bind":
            assert Path(volume["source"]).exists(), f"{name} mounts {volume['source']}"
            assert volume["read_only"]


def test_every_image_of_our_own_is_built_by_exactly_one_service() -> None:
    built = [service["image"] for service in SERVICES.values() if "build" in service]
    used = {service["image"] for service in SERVICES.values() if service["image"].startswith("message-hub/")}
    assert sorted(built) == sorted(used)
    assert {service["image"] for service in SERVICES.values()} - used == {"postgres:18", "redis:7", "haproxy:3.2"}


@in_every_service
def test_a_service_waits_only_for_what_can_come_true(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert other not in UNCHECKED, f"{name} waits for the health of {other}, which is never asked"
        else:
            assert how["condition"] == "service_completed_successfully", f"{name} does not wait for {other}"
            assert other in ONE_SHOTS, f"{name} waits for the end of {other}, which never ends"


@pytest.mark.parametrize("name", ["compose_api", "inbox_api", "inbox_stream", "directory", "fanout_worker", "beat"])
def test_a_service_starts_after_the_servers_the_schema_and_its_login(name: str) -> None:
    assert set(SERVICES[name]["depends_on"]) == {"postgres", "redis", "logins"}
    assert set(SERVICES["logins"]["depends_on"]) == {"postgres", "migrate"}


@in_every_service
def test_what_shall_stay_is_started_again_and_what_ends_is_not(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")


@in_every_service
def test_a_service_is_limited_in_memory_and_in_the_size_of_its_log(name: str) -> None:
    assert int(SERVICES[name]["mem_limit"]) >= 64 * 1024 * 1024
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@in_every_service
def test_a_service_that_stays_has_a_health_check_that_any_engine_understands(name: str) -> None:
    check = SERVICES[name].get("healthcheck", {})
    if name in UNCHECKED:
        assert not check.get("test")
        return
    assert check["test"][0] == "CMD"
    assert not any(re.search(r"\s", item) for item in check["test"])
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", sorted(OWN))
def test_our_own_containers_may_do_no_more_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"], f"{name}: a process with the number 1 has to be told of SIGTERM"
    assert "user" not in service, "the image says who it runs as"
    assert service["pull_policy"] == "never", f"{name}: anybody may offer an image of that name in a registry"


def test_workers_can_be_scaled() -> None:
    assert not {"container_name", "ports", "hostname"} & set(SERVICES["fanout_worker"])


def test_a_worker_is_given_longer_to_stop_than_a_task_may_take() -> None:
    assert _seconds(SERVICES["fanout_worker"]["stop_grace_period"]) > 90


@pytest.mark.parametrize("name", ["compose_api", "inbox_api", "inbox_stream", "directory"])
def test_a_service_drains_for_longer_than_the_gateway_needs_to_notice_and_ends_before_it_is_killed(name: str) -> None:
    checks = re.search(
        r"inter (\d+)s fastinter (\d+)ms .*fall (\d+)", gateway.CONFIGURATION.read_text(encoding="utf-8")
    )
    assert checks
    noticed_s = int(checks[1]) + (int(checks[3]) - 1) * int(checks[2]) / 1_000
    drain_s = server.read_drain_seconds()
    assert noticed_s < drain_s
    assert _seconds(SERVICES[name]["stop_grace_period"]) > server.LONGEST_DRAIN_S + server.STOP_TIMEOUT_S


def test_only_the_gateway_is_published_and_to_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert {name: [one["published"] for one in ports] for name, ports in published.items()} == {"gateway": ["8000"]}
    assert published["gateway"][0]["host_ip"] == "127.0.0.1"


def test_every_service_that_takes_requests_can_be_scaled() -> None:
    for name in SERVICES_BEHIND_THE_GATEWAY:
        assert not {"container_name", "ports", "hostname"} & set(SERVICES[name])
        assert SERVICES["gateway"]["depends_on"][name]["condition"] == "service_healthy"


def test_images_of_our_own_carry_the_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {SERVICES[name]["image"].rpartition(":")[2] for name in OWN} == {version}
    assert compose_file.services(HUB_RELEASE="2.0")["cli"]["image"] == "message-hub/cli:2.0"


@pytest.mark.parametrize("overrides", [(), (compose_file.TLS,)])
def test_haproxy_accepts_its_file_in_the_environment_of_its_container(
    overrides: tuple[Path, ...], tmp_path: Path
) -> None:
    gateway.make_certificate(tmp_path, "hub")
    service = compose_file.services(*overrides, HUB_TLS_FOLDER=str(tmp_path), HUB_MAX_CONCURRENT_REQUESTS="12")[
        "gateway"
    ]
    given = {name: value for name, value in service["environment"].items() if value is not None}
    if overrides:
        assert [one["published"] for one in service["ports"]] == ["8000", "443"]
        given["HUB_TLS_CERTIFICATE"] = f"{tmp_path}/"
    (file,) = (one for one in service["volumes"] if one["target"] == "/usr/local/etc/haproxy")
    checked = subprocess.run(
        [gateway.haproxy(), "-c", "-f", f"{file['source']}/haproxy.cfg"],
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert checked.returncode == 0, checked.stderr
    unexpected = [line for line in checked.stderr.splitlines() if "could not resolve" not in line]
    assert not [line for line in unexpected if "config" in line], checked.stderr


def test_each_secret_goes_only_where_it_is_needed() -> None:
    expected = {
        "HUB_JWT_SECRET": {"compose_api", "inbox_api", "inbox_stream", "directory", "cli"},
        "HUB_DATABASE_OWNER_PASSWORD": {"postgres", "migrate", "logins", "cli"},
        "HUB_DATABASE_COMPOSE_API_PASSWORD": {"compose_api", "logins"},
        "HUB_DATABASE_INBOX_API_PASSWORD": {"inbox_api", "inbox_stream", "logins"},
        "HUB_DATABASE_DIRECTORY_PASSWORD": {"directory", "logins"},
        "HUB_DATABASE_FANOUT_WORKER_PASSWORD": {"fanout_worker", "beat", "logins"},
        "HUB_REDIS_PASSWORD": {"redis", "inbox_stream", *OWN} - {"inbox_api", "directory"},
    }
    for secret, value in compose_file.SECRETS.items():
        assert {name for name, service in SERVICES.items() if value in str(service)} == expected[secret]


def test_the_file_holds_no_secret_itself() -> None:
    secret = re.compile(r"(PASSWORD|SECRET|TOKEN|KEY)", re.IGNORECASE)
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            # A folder of keys, not a key.
            if secret.search(variable) and value not in (None, "/evidence_keys"):
                assert value in compose_file.SECRETS.values(), f"{name}: {variable} is written into the file"
    text = compose_file.PATH.read_text(encoding="utf-8")
    assert text.count("postgresql://") == len(re.findall(r"postgresql://\w+:\$\{HUB_\w+:\?", text)) > 0


def test_postgresql_keeps_its_data_on_a_volume_where_version_18_wants_it_and_never_gives_up_durability() -> None:
    (volume,) = SERVICES["postgres"]["volumes"]
    assert (volume["type"], volume["target"]) == ("volume", "/var/lib/postgresql")
    command = _text(SERVICES["postgres"]["command"])
    assert not re.search(r"(fsync|synchronous_commit|full_page_writes)\s*=", command)


def test_postgresql_quotes_no_rows_in_its_log() -> None:
    assert "--log_error_verbosity=terse" in SERVICES["postgres"]["command"]


def test_postgresql_has_connections_for_a_release_of_two_of_each_service_and_twenty_workers() -> None:
    (most,) = re.findall(r"max_connections=(\d+)", _text(SERVICES["postgres"]["command"]))
    # While replicas are replaced, four of one API run beside two of the others.
    assert int(most) >= 4 * 28 + 2 * 28 + 2 * 12 + 2 * 12 + 20 * 2 + 10


def test_redis_asks_for_a_password_also_of_its_health_check() -> None:
    password = compose_file.SECRETS["HUB_REDIS_PASSWORD"]
    redis = SERVICES["redis"]
    assert f"--requirepass {password}" in _text(redis["command"])
    assert redis["environment"]["REDISCLI_AUTH"] == password
    assert SERVICES["fanout_worker"]["environment"]["HUB_REDIS_URL"] == f"redis://:{password}@redis:6379/0"


def test_redis_keeps_nothing_and_drops_nothing_unseen() -> None:
    command = _text(SERVICES["redis"]["command"])
    for option in ("--save  ", "--appendonly no", "--maxmemory-policy noeviction"):
        assert option in command
    assert not SERVICES["redis"].get("volumes")


def _text(command: list[str]) -> str:
    return " ".join(command)


def _seconds(duration: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def test_the_gateway_passes_on_more_than_one_platform_may_have_and_fewer_than_there_are_threads() -> None:
    written = (ROOT / "deploy/gateway/haproxy.cfg").read_text(encoding="utf-8")
    (passed,) = {int(found) for found in re.findall(r"HUB_MAX_CONCURRENT_REQUESTS-(\d+)", written)}
    assert server.THREADS - fairness.PLATFORM[1] < passed < server.THREADS
