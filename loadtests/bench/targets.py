"""What the project wants to reach, and whether a run shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.bench.arms.arm import POLLING, SUBMITTING, WAITING
from loadtests.bench.arms.filled import name_of
from loadtests.bench.measurements import Measurements, Where
from loadtests.bench.plan import FULL
from loadtests.bench.scenarios import arrivals, cache, database, depth, heavy, image, rows, tabular

OURS, NAIVE, LOOP = "queuecast", "naive", "onnxruntime"
POSTGRESQL = "queuecast on PostgreSQL"


@dataclass(frozen=True, slots=True)
class Target:
    """`found` answers None where a run did not measure it; `at_least` says which side is good."""

    text: str
    wanted: float
    at_least: bool
    found: Callable[[Measurements], float | None]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    text: str
    wanted: str
    found: float
    met: bool
    unit: str


def verdicts(measured: Measurements) -> list[Verdict]:
    """One for each target that was measured."""
    given = []
    for target in (*TARGETS, *_peer_targets(measured)):
        found = target.found(measured)
        if found is not None:
            met = found >= target.wanted if target.at_least else found <= target.wanted
            wanted = f"{'>=' if target.at_least else '<='} {target.wanted:g}{target.unit}"
            given.append(Verdict(target.text, wanted, found, met, target.unit))
    return given


def _faster(
    text: str, wanted: float, ours: Where, theirs: Where, figure: str = "jobs_per_second"
) -> Target:
    return Target(text, wanted, True, lambda m: m.ratio(figure, ours, theirs), " x")


def _at_most(text: str, wanted: float, figure: str, where: Where, unit: str = "") -> Target:
    return Target(text, wanted, False, lambda m: m.median(figure, *where), unit)


def _flat(text: str, figure: str) -> Target:
    small, large = (("rows", name_of(count), rows.CASE) for count in (FULL.rows[0], FULL.rows[-1]))
    return Target(text, 1.25, False, lambda m: m.ratio(figure, large, small), " x")


def _peer_targets(measured: Measurements) -> list[Target]:
    known = {OURS, NAIVE, "naive, SQL rows"}
    arms = dict.fromkeys(where[1] for where in measured.cases("tabular"))
    ours: Where = ("tabular", OURS, tabular.CLOSED)
    return [
        _faster(f"tabular: jobs/s over {peer}", 1, ours, ("tabular", peer, tabular.CLOSED))
        for peer in arms
        if peer not in known
    ]


_TABULAR: Where = ("tabular", OURS, tabular.CLOSED)
_MANY: Where = ("arrivals", arrivals.MANY_NAME, arrivals.CLOSED)
_BUSIEST = arrivals.case_of(FULL.arrivals_per_second[-1])
_FULL_ROWS, _FEW_ROWS = name_of(FULL.rows[-1]), name_of(FULL.rows[0])

# fmt: off
TARGETS = (
    _faster("tabular, closed loop: jobs/s over naive", 10,
            _TABULAR, ("tabular", NAIVE, tabular.CLOSED)),
    _faster("tabular, all submitted then all fetched: jobs/s over naive", 10,
            ("tabular", OURS, tabular.BURST), ("tabular", NAIVE, tabular.BURST)),
    _at_most("tabular: Redis commands per job", 8, "redis_commands", _TABULAR),
    _at_most("4 API processes: Redis commands per job", 16, "redis_commands", _MANY),
    *(_at_most(f"idle: p50 with {way}", 10, "p50_ms", ("idle", OURS, way), " ms")
      for way in (WAITING, SUBMITTING)),
    Target("idle: p50 with a GET that waits, against naive polled every 2 ms", 1, False,
           lambda m: m.ratio("p50_ms", ("idle", OURS, WAITING), ("idle", NAIVE, POLLING)), " x"),
    Target("4 API processes, closed loop: jobs per CPU second against one", 0.7, True,
           lambda m: m.ratio("cpu_ms", _TABULAR, _MANY), " x"),
    Target(f"4 API processes, {_BUSIEST}: jobs per CPU second against one", 0.7, True,
           lambda m: m.ratio("cpu_ms", ("arrivals", OURS, _BUSIEST),
                             ("arrivals", arrivals.MANY_NAME, _BUSIEST)), " x"),
    _faster("image: jobs/s over naive", 8,
            ("image", OURS, image.CASE), ("image", NAIVE, image.CASE)),
    *(_faster(f"{name}: jobs/s over the bare onnxruntime loop", 0.85,
              (name, OURS, heavy.CASE), (name, LOOP, heavy.CASE))
      for name in ("transformer", "resnet18")),
    *(_faster(f"cache: {share} % hits over misses", 1.5,
              ("cache", OURS, cache.case_of(share)), ("cache", OURS, cache.case_of(0)))
      for share in (90, 100)),
    _at_most("cache: model runs for 1,000 identical jobs in flight", 1, "model_runs",
             ("cache", OURS, cache.IN_FLIGHT)),
    _faster("1M rows in SQL: jobs/s against 1k", 0.8,
            ("rows", _FULL_ROWS, rows.CASE), ("rows", _FEW_ROWS, rows.CASE)),
    _flat("1M rows in SQL: GET by id, p50 against 1k", "get_p50_ms"),
    _flat("1M rows in SQL: a list page, p50 against 1k", "page_p50_ms"),
    _faster("100k queued: jobs/s against 10k", 0.8,
            ("depth", OURS, depth.case_of(100_000)), ("depth", OURS, depth.case_of(10_000))),
    _faster("PostgreSQL: jobs/s against SQLite", 0.7,
            ("database", POSTGRESQL, database.CASE), ("database", OURS, database.CASE)),
)
# fmt: on
