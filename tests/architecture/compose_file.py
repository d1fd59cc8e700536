"""docker-compose.yml as docker compose itself reads it, for the tests that look at it. Needs no engine."""

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docker-compose.yml"
TLS = ROOT / "deploy" / "gateway" / "tls.yml"
BINARIES = Path(sys.executable).parent
# Told apart in what comes out, so that a test can see where each went.
SECRETS = {name: f"value-of-{name}" for name in re.findall(r"\$\{(HUB_[A-Z_]+):\?", PATH.read_text(encoding="utf-8"))}


def run(
    *arguments: str, variables: Mapping[str, str], overrides: Sequence[Path] = ()
) -> "subprocess.CompletedProcess[str]":
    """docker-compose with this project's file and, apart from `variables`, an environment without any of the hub's."""
    files = [part for path in (PATH, *overrides) for part in ("--file", path)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "COMPOSE_"))}
    return subprocess.run(
        [BINARIES / "docker-compose", *files, "--project-directory", ROOT, "--env-file", os.devnull, *arguments],
        env={**clean, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@functools.cache
def services(*overrides: Path, **more: str) -> dict[str, Any]:
    """Every service with everything that is merged into it, the operator's tools included."""
    answer = run("--profile", "*", "config", "--format", "json", variables={**SECRETS, **more}, overrides=overrides)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)["services"]
    return found
