"""`./run bench`: Queuecast beside simpler builds, in interleaved rounds on this machine."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.local.paths import ROOT
from loadtests.bench import machine, markdown, report
from loadtests.bench.answers import Direct
from loadtests.bench.arms.peers import PEERS
from loadtests.bench.bench_models import heavy_models, light_models
from loadtests.bench.chart import draw
from loadtests.bench.jobs import Supply
from loadtests.bench.measurements import Failure, Measurement, Measurements
from loadtests.bench.plan import FULL, QUICK, Plan
from loadtests.bench.rounds import Rounds
from loadtests.bench.scenarios import ALL
from loadtests.bench.scenarios.scenario import Place, Scenario
from loadtests.bench.targets import Verdict, verdicts

BY_NAME = {scenario.name: scenario for scenario in ALL}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 whatever came out, 1 when an arm failed, 130 when it was interrupted."""
    options = parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 200)
    begun = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - begun:5.0f} s  {line}", highlight=False)

    options.out.mkdir(parents=True, exist_ok=True)
    measured, scenarios = Measurements(), chosen(options)
    interrupted = False
    try:
        for one in _measure(options, scenarios, say):
            measured.add(one)
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted; this is what was measured until then")
    judged = verdicts(measured)
    report.show(console, scenarios, measured, judged)
    _write(options.out, plan_of(options), scenarios, measured, judged)
    say(f"figures and picture are in {options.out}")
    return 130 if interrupted else int(bool(measured.failures))


def _measure(
    options: argparse.Namespace, scenarios: Sequence[Scenario], say: Callable[[str], None]
) -> Iterator[Measurement | Failure]:
    with tempfile.TemporaryDirectory(prefix="work-", dir=options.out.absolute()) as work:
        place = _place(Path(work), options)
        supply = Supply(Direct((place.light_models, place.heavy_models)))
        yield from Rounds(place, plan_of(options), supply, say).run(scenarios)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    made.add_argument("--quick", action="store_true", help="3 minutes instead of 25")
    made.add_argument("--only", nargs="+", choices=BY_NAME, metavar="SCENARIO",
                        help=f"of {', '.join(BY_NAME)}")  # fmt: skip
    made.add_argument("--rounds", type=_positive, metavar="N", help="interleaved rounds")
    made.add_argument("--peers", type=_peers, default=(), metavar="NAME,NAME",
                        help=f"other systems, installed on demand: {', '.join(PEERS)}")  # fmt: skip
    made.add_argument("--out", type=Path, default=ROOT / "data" / "bench", metavar="DIR",
                        help="where bench.json and bench.png go (data/bench)")  # fmt: skip
    return made


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _peers(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - PEERS.keys():
        raise argparse.ArgumentTypeError(f"no peer is called {sorted(unknown)[0]!r}")
    return names


def plan_of(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL
    return replace(plan, rounds=options.rounds) if options.rounds else plan


def chosen(options: argparse.Namespace) -> list[Scenario]:
    if options.only:
        return [BY_NAME[name] for name in BY_NAME if name in options.only]
    return [one for one in ALL if one.in_quick or not options.quick]


def _place(work: Path, options: argparse.Namespace) -> Place:
    environments = options.out.absolute() / "peers"
    peers = tuple(PEERS[name](environments) for name in options.peers)
    return Place(work, light_models(work), heavy_models(work), peers)


def _write(
    out: Path,
    plan: Plan,
    scenarios: Sequence[Scenario],
    measured: Measurements,
    judged: Sequence[Verdict],
) -> None:
    """`bench.json` has everything, `bench.md` the tables, `bench.png` the picture."""
    found = machine.describe()
    content: dict[str, Any] = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": found,
        "plan": asdict(plan),
        "targets": [asdict(one) for one in judged],
        "medians": [
            {
                "scenario": scenario,
                "arm": arm,
                "case": case,
                "figures": {name: asdict(spread) for name, spread in spreads.items()},
            }
            for (scenario, arm, case), spreads in measured.spreads().items()
        ],
        "failures": [asdict(one) for one in measured.failures],
        "measurements": [asdict(one) for one in measured.taken],
    }
    (out / "bench.json").write_text(json.dumps(content, indent=1) + "\n")
    (out / "bench.md").write_text(markdown.render(found, scenarios, measured, judged))
    draw(measured, out / "bench.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
