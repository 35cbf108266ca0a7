"""The arms that several scenarios share: equal arms share their starts."""

from collections.abc import Sequence

from loadtests.bench.arms.arm import Arm
from loadtests.bench.arms.naive import Naive
from loadtests.bench.arms.queuecast import Queuecast
from loadtests.bench.plan import Plan
from loadtests.bench.scenarios.scenario import Place


def shipped(place: Place, _plan: Plan) -> Sequence[Arm]:
    """Queuecast as `./run up` starts it."""
    return (Queuecast(models_dirs=(place.light_models,)),)


def against_naive(place: Place, plan: Plan) -> Sequence[Arm]:
    """Queuecast and the naive build."""
    return (*shipped(place, plan), Naive(models_dirs=(place.light_models,)))


def everybody(place: Place, plan: Plan) -> Sequence[Arm]:
    """Queuecast, both naive builds, and the peers that were asked for."""
    rows = Naive("naive, SQL rows", rows=True, models_dirs=(place.light_models,))
    return (*against_naive(place, plan), rows, *place.peers)
