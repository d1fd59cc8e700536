"""Runs the benchmarks, shows a table for each question, keeps the figures: `python -m benchmarks.run [--size full]`.

Called by `make bench`. A question that fails leaves the others to go on and makes the whole run fail. Questions that need a program
that is not installed are left out, and named.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import rich.console

from benchmarks import (
    accepting,
    acknowledging,
    directory,
    fanout,
    gateway,
    hub,
    latency,
    machine,
    memory,
    overload,
    polling,
    reading,
    report,
    streams,
    wrk,
)
from benchmarks.bench import SIZES, Bench

RESULTS = Path(__file__).parent / "results"
QUESTIONS: dict[str, ModuleType] = {
    "directory": directory,
    "fanout": fanout,
    "latency": latency,
    "reading": reading,
    "polling": polling,
    "streams": streams,
    "accepting": accepting,
    "acknowledging": acknowledging,
    "overload": overload,
    "memory": memory,
}
NEED_WRK = {"polling", "accepting", "acknowledging", "overload"}
NEED_GATEWAY = {"overload"}


@dataclass
class Run:
    """What was measured on which machine, the questions that failed, and those left out with the program that is missing."""

    machine: dict[str, object] = field(default_factory=dict)
    answers: dict[str, report.Answer] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hub is stopped and its folder removed
    console = rich.console.Console(width=None if sys.stdout.isatty() else 160)
    chosen = [name for name in QUESTIONS if name in arguments.only and name not in arguments.without]
    missing = {"wrk": NEED_WRK} if not wrk.is_installed() else {}
    missing |= {"haproxy": NEED_GATEWAY} if not gateway.is_installed() else {}
    run = Run(left_out={one: program for program, names in missing.items() for one in chosen if one in names})
    _measure([name for name in chosen if name not in run.left_out], arguments.size, run, console)
    for answer in run.answers.values():
        report.show(console, answer)
    if run.answers:
        console.print(f"Kept in {_keep(run, arguments.size)}")
    for name, program in run.left_out.items():
        console.print(f"Left out: {name}, because {program} is not installed (apt-get install {program}).")
    if run.failed:
        sys.exit(f"Without an answer, see above: {', '.join(run.failed)}.")


def _arguments() -> argparse.Namespace:
    def questions(value: str) -> set[str]:
        names = {name.strip() for name in value.split(",") if name.strip()}
        if unknown := names - QUESTIONS.keys():
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(QUESTIONS)}")
        return names

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="quick", help="quick: minutes; full: a million recipients")
    parser.add_argument("--only", type=questions, default=set(QUESTIONS), metavar="NAMES", help=", ".join(QUESTIONS))
    parser.add_argument("--without", type=questions, default=set(), metavar="NAMES", help="leave these out")
    return parser.parse_args()


def _measure(chosen: list[str], size: str, run: Run, console: rich.console.Console) -> None:
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[{time.monotonic() - began:5.0f} s] {what} …", markup=False, highlight=False)

    folder = Path(tempfile.mkdtemp(prefix="message-hub-bench-"))
    try:
        say("starting a hub")
        with hub.running(folder / "hub") as running:
            run.machine = machine.describe(running)
            bench = Bench(running, SIZES[size], folder, say)
            for name in chosen:
                try:
                    running.forget_messages()
                    run.answers[name] = QUESTIONS[name].run(bench)
                except Exception:
                    console.print_exception(width=160)
    except (KeyboardInterrupt, SystemExit):
        say("interrupted: showing what was answered")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    run.failed = [name for name in chosen if name not in run.answers]
    run.machine["seconds"] = round(time.monotonic() - began)


def _keep(run: Run, size: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    name = size if run.answers.keys() == QUESTIONS.keys() else f"{size}-{'-'.join(run.answers)}"
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}.json"
    results = {name: report.as_document(answer) for name, answer in run.answers.items()}
    document = {"size": size, "machine": run.machine, "left_out": run.left_out, "results": results}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
