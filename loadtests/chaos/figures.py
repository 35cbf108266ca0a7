"""Percentiles of what was measured: recovery by kind of fault, and how long submits took."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from loadtests.chaos.load import Post
from loadtests.chaos.nemesis import Struck

TARGETS = {
    "killed process": 10.0,
    "bell lost": 25.0,
    "redis lost": 25.0,
    "postgresql restarted": 10.0,
}
"""Seconds of recovery that the 99th percentile should stay below."""

POST_TARGETS_MS = {"healthy": 50.0, "redis hung": 700.0}


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `count` values, some not known: those are in `missing`."""

    count: int
    p50: float
    p99: float
    longest: float
    missing: int = 0


def spread(values: Sequence[float], missing: int = 0) -> Spread:
    """The nearest rank: of few values the 99th percentile is the largest."""
    if not values:
        return Spread(0, 0.0, 0.0, 0.0, missing)
    ordered = sorted(values)
    p50, p99 = (ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return Spread(len(ordered), p50, p99, ordered[-1], missing)


def recoveries(struck: Sequence[Struck], *, by_target: bool) -> dict[str, Spread]:
    """Seconds, by the name of the fault or by the target that it is judged by.

    Only of strikes that met no other: of two faults nobody knows whose recovery it was.
    """
    found: defaultdict[str, list[float | None]] = defaultdict(list)
    for one in struck:
        name = one.target if by_target else one.name
        if name and _met_no_other(one, struck):
            found[name].append(one.recovery_seconds)
    return {
        name: spread([one for one in values if one is not None], values.count(None))
        for name, values in sorted(found.items())
    }


def posts(sent: Sequence[Post], struck: Sequence[Struck]) -> Mapping[str, Spread]:
    """Milliseconds of submits: `healthy` while nothing was wrong, `redis hung` while it was that.

    A fault is felt until all has settled after it. Those without an answer are missing: the server
    was killed or asked to stop.
    """
    felt = [(one, _settled(one, struck)) for one in struck]
    found: defaultdict[str, list[Post]] = defaultdict(list)
    for post in sent:
        end = post.at + post.seconds
        met = [one for one, until in felt if post.at <= until and one.begun <= end]
        found[_name(post, met)].append(post)
    return {
        name: spread(
            [post.seconds * 1000 for post in those if post.status],
            sum(not post.status for post in those),
        )
        for name, those in sorted(found.items())
    }


def _settled(one: Struck, struck: Sequence[Struck]) -> float:
    """When it was felt no more: whatever settled after it, all had."""
    return min(
        (other.settled for other in struck if other.settled and other.settled >= one.ended),
        default=inf,
    )


def _name(post: Post, met: Sequence[Struck]) -> str:
    if not met:
        return "healthy"
    lasting = [one for one in met if post.at <= one.ended]
    hung = len(lasting) == 1 and lasting[0].target == "redis hung"
    return "redis hung" if hung else "under faults"


def _met_no_other(one: Struck, struck: Sequence[Struck]) -> bool:
    others = (other for other in struck if other is not one)
    return all(other.over < one.begun or one.over < other.begun for other in others)
