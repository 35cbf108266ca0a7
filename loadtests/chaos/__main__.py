"""`./run chaos`: a seeded schedule of faults under load; nothing that was accepted may be lost."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from deploy.local.paths import ROOT
from loadtests.chaos import report, timeline
from loadtests.chaos.run import Outcome, Plan, run

JOBS = 1000
A_SECOND = 20.0


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when a promise was broken, 130 when it was interrupted."""
    options = parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160)
    begun = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - begun:6.1f} s  {line}", highlight=False, markup=False)

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="work-", dir=options.out.absolute()) as work:
            outcome = run(plan_of(options), Path(work), say)
            if outcome.found.broken:
                say(f"the logs are kept in {keep_logs(outcome, Path(work), options.out)}")
    except KeyboardInterrupt:
        return 130
    report.show(console, outcome)
    files = write(outcome, options.out)
    say(f"figures and picture: {', '.join(map(str, files))}")
    return int(outcome.found.broken > 0)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    made.add_argument("--jobs", type=int, default=JOBS, metavar="N", help="%(default)s")
    made.add_argument("--seed", type=int, default=1, metavar="S", help="%(default)s")
    made.add_argument("--minutes", type=float, metavar="M",
                      help=f"to send them in; else {A_SECOND:g} a second")  # fmt: skip
    made.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    made.add_argument("--system", choices=("queuecast", "naive"), default="queuecast",
                      help="naive: FastAPI and a Celery chain, for comparison")  # fmt: skip
    made.add_argument("--soak", action="store_true",
                      help="no faults: does memory grow, do open files?")  # fmt: skip
    made.add_argument("--out", type=Path, default=ROOT / "data" / "chaos", metavar="DIR",
                      help="where figures and picture go (data/chaos)")  # fmt: skip
    return made


def plan_of(options: argparse.Namespace) -> Plan:
    a_second = options.jobs / (options.minutes * 60) if options.minutes else A_SECOND
    return Plan(
        options.jobs,
        a_second,
        options.seed,
        options.system,
        options.database,
        with_faults=not options.soak,
        sampled=options.soak,
    )


def name_of(outcome: Outcome) -> str:
    plan = outcome.plan
    kind = "soak" if plan.sampled else "chaos"
    return f"{kind}-{plan.system}-{plan.database}-{plan.jobs}-seed-{plan.seed}"


def keep_logs(outcome: Outcome, work: Path, out: Path) -> Path:
    """What the processes said, beside the figures: somebody will want to know why."""
    kept = out / f"{name_of(outcome)}-logs"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for log in work.rglob("*.log"):
        shutil.copy(log, kept / f"{log.parent.name}-{log.name}")
    return kept


def write(outcome: Outcome, out: Path) -> list[Path]:
    """The JSON and the picture, named for what was run."""
    name = name_of(outcome)
    figures, picture = out / f"{name}.json", out / f"{name}.png"
    figures.write_text(json.dumps(report.as_json(outcome), indent=1) + "\n")
    timeline.draw(picture, name, outcome.sent, outcome.rows, outcome.struck)
    return [figures, picture]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
