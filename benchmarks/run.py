"""Runs the benchmarks, shows a table for each question, keeps the figures: `python -m benchmarks.run [--size full] [--only fanout,bell]`.

Called by `make bench`. A question that fails leaves the others to go on, and makes the whole run fail; so does Ctrl-C, which still
shows what was answered until then.
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
from typing import Any

import rich.console

from benchmarks import (
    accepting,
    behind,
    bell,
    directory,
    fanout,
    hub,
    machine,
    memory,
    overload,
    polling,
    report,
    steady,
    streams,
    wrk,
)
from benchmarks.bench import SIZES, Bench, Size

RESULTS = Path(__file__).parent / "results"
QUESTIONS: dict[str, ModuleType] = {
    "fanout": fanout,
    "bell": bell,
    "behind": behind,
    "steady": steady,
    "polling": polling,
    "streams": streams,
    "accepting": accepting,
    "overload": overload,
    "memory": memory,
    "directory": directory,
}
NEED_WRK = {"polling", "accepting", "overload", "memory"}


def main() -> None:
    arguments = _arguments()
    chosen = [name for name in QUESTIONS if name in arguments.only and name not in arguments.without]
    if not chosen:
        sys.exit("Nothing is left to measure: see --only and --without.")
    loading = NEED_WRK.intersection(chosen)
    if loading and not wrk.is_there():
        leave_out = ",".join(name for name in chosen if name in loading)
        sys.exit(f"wrk is missing: install it (apt-get install wrk, brew install wrk), or add --without {leave_out}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hub is stopped and its folder removed
    console = rich.console.Console(width=None if sys.stdout.isatty() else 160)
    run = _measure(chosen, SIZES[arguments.size], console)
    for answer in run.answers.values():
        report.show(console, answer)
    document = {
        "size": arguments.size,
        "machine": run.machine,
        "results": {name: report.as_document(answer) for name, answer in run.answers.items()},
    }
    kept = _keep(document, whole=set(run.answers) == set(QUESTIONS))
    console.print(f"Kept in {kept.relative_to(Path.cwd()) if kept.is_relative_to(Path.cwd()) else kept}")
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


@dataclass
class _Run:
    """What was measured on which machine, and the questions that failed."""

    machine: dict[str, object]
    answers: dict[str, report.Answer] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def _measure(chosen: list[str], size: Size, console: rich.console.Console) -> _Run:
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[{time.monotonic() - began:5.0f} s] {what} …", markup=False, highlight=False)

    folder = Path(tempfile.mkdtemp(prefix="message-hub-bench-"))
    try:
        say("starting a hub")
        with hub.running(folder / "hub") as running:
            run = _Run(machine.describe(running))
            bench = Bench(running, size, folder, say)
            try:
                for name in chosen:
                    _answer(name, bench, run, console)
            except (KeyboardInterrupt, SystemExit):
                say("interrupted: showing what was answered")
            run.failed += [name for name in chosen if name not in run.answers and name not in run.failed]
            run.machine["seconds"] = round(time.monotonic() - began)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return run


def _answer(name: str, bench: Bench, run: _Run, console: rich.console.Console) -> None:
    try:
        bench.hub.forget_messages()
        run.answers[name] = QUESTIONS[name].run(bench)
    except Exception:
        run.failed.append(name)
        console.print_exception(width=160)


def _keep(document: dict[str, Any], *, whole: bool) -> Path:
    RESULTS.mkdir(exist_ok=True)
    name = document["size"] if whole else f"{document['size']}-{'-'.join(document['results'])}"
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
