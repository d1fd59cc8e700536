"""Runs drills, shows what they found, keeps it: `python -m drills.run [--minutes 5] [--seed 7] [--only 1,3]`.

Called by `make drill`. Ends with an exit code that is not zero when any promise was broken, and leaves the hub's folder then.
"""

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import rich.console

from drills import report, stage
from drills.faults import DRILLS

RESULTS = Path(__file__).parent / "results"
# Of a drill's share of the time: coming to rest, which mostly is the 30 s of the sweep, and looking at everything.
_REST_S = 40.0
_LEAST_S = 5.0


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hub is stopped
    console = rich.console.Console(width=None if sys.stdout.isatty() else 200)
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[{time.monotonic() - began:5.0f} s] {what}", markup=False, highlight=False)

    run = _play(arguments, say)
    report.show(console, run)
    kept = _keep(run)
    if arguments.document is not None:
        report.put_into(arguments.document, run)
    console.print(f"Kept in {kept.relative_to(Path.cwd()) if kept.is_relative_to(Path.cwd()) else kept} (and .md)")
    sys.exit(0 if run.is_clean else f"Repeat it with SEED={run.seed}.")


def _play(arguments: argparse.Namespace, say: Callable[[str], None]) -> report.Run:
    folder = stage.make_folder()
    size, seed = stage.FULL, arguments.seed
    end = time.monotonic() + arguments.minutes * 60
    say(f"seed {seed}; a hub in {folder} …")
    results: list[report.Result] = []
    try:
        with stage.opened(folder, size=size, seed=seed) as house:
            for done, number in enumerate(arguments.only):
                share = (end - time.monotonic()) / (len(arguments.only) - done)
                seconds = max(_LEAST_S, share - _REST_S)
                say(f"{number}. {(DRILLS[number].__doc__ or '').partition(chr(10))[0]}")
                results.append(stage.play(house, number, DRILLS[number], seed=seed, seconds=seconds))
                say(f"   {report.one_line(results[-1])}")
    except (KeyboardInterrupt, SystemExit):
        say("interrupted: showing what was played until then")
    settings = {
        "workers": stage.WORKERS,
        "people on the largest platform": f"{size.largest:,}",
        "batches of at most": f"{size.batch_size:,}",
        "posts per second": size.load.per_second,
    }
    run = report.Run(seed, arguments.minutes, settings, results, is_whole=len(results) == len(arguments.only))
    if run.is_clean and not arguments.keep:
        stage.remove_folder(folder)
    else:
        say(f"the hub's folder with its logs stays: {folder}")
    return run


def _arguments() -> argparse.Namespace:
    def drills(value: str) -> list[int]:
        try:
            numbers = [int(one) for one in value.split(",") if one.strip()]
        except ValueError:
            numbers = [-1]
        if not numbers or set(numbers) - DRILLS.keys():
            raise argparse.ArgumentTypeError(f"choose from {', '.join(map(str, DRILLS))}")
        return numbers

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for all drills together, about (default 5)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000), help="repeats a run")
    parser.add_argument("--only", type=drills, default=list(DRILLS), metavar="NUMBERS", help="1,3 for these two")
    parser.add_argument(
        "--keep", action="store_true", help="leave the hub's folder, with every log, although all went well"
    )
    parser.add_argument("--document", type=Path, metavar="FILE", help="put the report into this Markdown file as well")
    return parser.parse_args()


def _keep(run: report.Run) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-seed{run.seed}.json"
    path.write_text(json.dumps(report.as_document(run), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report.as_markdown(run), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
