"""The supervisor, with real processes that really die. It runs in a process of its own, as it does in `message-hub run`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

_SUPERVISE = """
import json, os, sys
from pathlib import Path
from cli.run import supervisor as module
from cli.run.supervisor import Program, Supervisor

module._RESTART_DELAY_S = 0.1
with Supervisor(lambda line: print(line, flush=True)) as supervisor:
    for name, (code, stage) in json.loads(sys.argv[2]).items():
        command = (sys.executable, "-c", code)
        log = Path(sys.argv[1]) / f"{name}.log"
        program = Program(name=name, command=command, environment=os.environ, log=log, stage=stage, stop_timeout_s=1.5)
        supervisor.start(program)
    supervisor.watch()
print("stopped", flush=True)
"""

# Notes its pid, then stays; notes when it is told to stop.
_STAY = """
import os, signal, sys, time
def note(word):
    with open({notes!r}, "a") as file: file.write(f"{{word}} {name} {{os.getpid()}}\\n")
def stop(*_): note("stopped"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started")
while True: time.sleep(0.05)
"""
_STAY_WITH_CHILD = "import os\nos.fork()\n" + _STAY

Supervise = Callable[[dict[str, tuple[str, int]]], "subprocess.Popen[str]"]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    started = []

    def start(programs: dict[str, tuple[str, int]]) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", _SUPERVISE, str(tmp_path), json.dumps(programs)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        # Not killed: only a supervisor that stops also takes along what its programs have forked.
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


def _noted(notes: Path, word: str) -> list[list[str]]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [line.split()[1:] for line in lines if line.startswith(word)]


def _pids(notes: Path) -> list[int]:
    return [int(pid) for _name, pid in _noted(notes, "started")]


def _wait(until: Callable[[], object], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _stay(notes: Path, name: str) -> str:
    return _STAY.format(notes=str(notes), name=name)


def test_a_killed_program_is_started_again_at_once(supervise: Supervise, notes: Path) -> None:
    process = supervise({"a": (_stay(notes, "a"), 0)})
    for round_ in range(1, 3):
        _wait(lambda number=round_: len(_pids(notes)) == number)
        os.kill(_pids(notes)[-1], signal.SIGKILL)
    _wait(lambda: len(_pids(notes)) == 3, seconds=3)
    process.terminate()
    told = process.communicate()[0]
    assert told.count("a was ended by signal 9; starting it again.") == 2


def test_what_a_killed_program_leaves_behind_is_killed_too(supervise: Supervise, notes: Path) -> None:
    supervise({"a": (_STAY_WITH_CHILD.format(notes=str(notes), name="a"), 0)})
    _wait(lambda: len(_pids(notes)) == 2)
    family = _pids(notes)
    leader = next(pid for pid in family if os.getpgid(pid) == pid)
    os.kill(leader, signal.SIGKILL)
    _wait(lambda: len(_pids(notes)) == 4)
    assert not any(map(_is_alive, family))


def test_nothing_outlives_a_supervisor_that_is_killed(supervise: Supervise, notes: Path) -> None:
    process = supervise({"a": (_stay(notes, "a"), 0), "b": (_stay(notes, "b"), 1)})
    _wait(lambda: len(_pids(notes)) == 2)
    process.kill()
    _wait(lambda: not any(map(_is_alive, _pids(notes))), seconds=3)
    assert sorted(name for name, _pid in _noted(notes, "stopped")) == ["a", "b"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_programs_are_stopped_from_the_last_stage_to_the_first(
    supervise: Supervise, notes: Path, number: signal.Signals
) -> None:
    process = supervise({name: (_stay(notes, name), stage) for name, stage in (("c", 2), ("a", 0), ("b", 1))})
    _wait(lambda: len(_pids(notes)) == 3)
    process.send_signal(number)
    assert process.communicate(timeout=10)[0] == "stopped\n"
    assert process.returncode == 0
    assert [name for name, _pid in _noted(notes, "stopped")] == ["c", "b", "a"]


def test_a_program_that_will_not_stop_is_killed_after_a_while(supervise: Supervise, notes: Path) -> None:
    stubborn = _stay(notes, "a").replace("sys.exit(0)", "None")
    process = supervise({"a": (stubborn, 0)})
    _wait(lambda: len(_pids(notes)) == 1)
    process.terminate()
    assert "a did not stop by itself and was killed." in process.communicate(timeout=10)[0]
    assert not _is_alive(_pids(notes)[0])


def test_a_program_that_does_not_stay_up_is_tried_for_ever_and_shown_with_its_last_lines(
    supervise: Supervise, notes: Path
) -> None:
    failing = f"open({str(notes)!r}, 'a').write('started a 0\\n'); raise SystemExit('the reason it ends')"
    process = supervise({"a": (failing, 0)})
    _wait(lambda: len(_pids(notes)) >= 6, seconds=20)
    process.terminate()
    told = process.communicate()[0]
    assert told.count("a ended (exit code 1); starting it again.") == 3
    assert "a does not stay up (3 times now)" in told
    assert "the reason it ends" in told


def test_a_command_that_does_not_exist_is_told_like_a_program_that_fails(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise({"a": ("import os; os.execv('/does/not/exist', ['x'])", 0)})
    _wait(lambda: "No such file" in (tmp_path / "a.log").read_text() if (tmp_path / "a.log").exists() else False)
    process.terminate()
    process.communicate()
    assert process.returncode == 0
