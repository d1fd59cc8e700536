"""Runs drills, prints what they found, keeps it: `python -m drills.run [--minutes 5] [--seed 7] [--only 1,3]`.

Called by `make drill`. The exit code is not zero when an invariant was violated; the hub's folder is kept then.
"""

import argparse
import contextlib
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from drills import report, scenario
from drills.faults import DRILLS

RESULTS = Path(__file__).parent / "results"
# Of a drill's share of the time: recovery, which mostly is the 30 s of the sweep, and the checks.
_RECOVERY_S = 40.0
_MIN_S = 5.0


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hub is stopped
    run = _run(arguments)
    text = report.as_markdown(run)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-seed{run.seed}.md"
    path.write_text(text, encoding="utf-8")
    if arguments.document is not None:
        report.put_into(arguments.document, run)
    print(f"Kept in {path}")
    sys.exit(0 if run.is_clean else f"Repeat it with SEED={run.seed}.")


def _run(arguments: argparse.Namespace) -> report.Run:
    began, size, seed = time.monotonic(), scenario.FULL, arguments.seed

    def say(what: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {what}", flush=True)

    folder = scenario.make_folder()
    say(f"seed {seed}; a hub in {folder} …")
    results: list[report.Result] = []
    try:
        with contextlib.closing(scenario.Testbed(folder, size=size, seed=seed)) as testbed:
            for done, number in enumerate(arguments.only):
                left = arguments.minutes * 60 - (time.monotonic() - began)
                seconds = max(_MIN_S, left / (len(arguments.only) - done) - _RECOVERY_S)
                say(f"{number}. {(DRILLS[number].__doc__ or '').partition(chr(10))[0]}")
                results.append(scenario.run(testbed, number, DRILLS[number], seed=seed, seconds=seconds))
                say(f"   {results[-1]}")
    except (KeyboardInterrupt, SystemExit):
        say("interrupted")
    settings = (
        f"{scenario.WORKERS} workers, {size.largest:,} people on the largest platform, batches of at most "
        f"{size.batch_size:,}, {size.rate.per_second} posts per second"
    )
    run = report.Run(seed, settings, results, is_whole=len(results) == len(arguments.only))
    if run.is_clean and not arguments.keep:
        scenario.remove_folder(folder)
    else:
        say(f"the hub's folder with its logs is kept: {folder}")
    return run


def _arguments() -> argparse.Namespace:
    def drills(value: str) -> list[int]:
        names = [one.strip() for one in value.split(",") if one.strip()]
        if not names or set(names) - set(map(str, DRILLS)):
            raise argparse.ArgumentTypeError(f"choose from {', '.join(map(str, DRILLS))}")
        return [int(one) for one in names]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for all drills together, about (default 5)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000), help="repeats a run")
    parser.add_argument("--only", type=drills, default=list(DRILLS), metavar="NUMBERS", help="1,3 for these two")
    parser.add_argument("--keep", action="store_true", help="keep the hub's folder with every log in any case")
    parser.add_argument("--document", type=Path, metavar="FILE", help="put the report into this Markdown file as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
