"""Statistics in the protocol's form: counts, and nanoseconds in sum."""

from typing import Any

from models.versions import Version
from shared.prediction_log.statistics import Statistics, Times

NANOSECONDS = 1_000_000_000
MILLISECONDS = 1000

_NOTHING = Times(0, 0.0)


def model_statistics(version: Version, found: Statistics) -> dict[str, Any]:
    """Of one version; an output is not timed apart, so `compute_output` stays at nothing."""
    newest = found.newest
    missed = Times(
        found.predictions - found.reused.count,
        found.succeeded.seconds + found.failed.seconds - found.reused.seconds,
    )
    return {
        "name": version.model,
        "version": version.version,
        "last_inference": int(newest.timestamp() * MILLISECONDS) if newest else 0,
        "inference_count": found.predictions,
        "execution_count": found.runs,
        "inference_stats": {
            "success": _shown(found.succeeded),
            "fail": _shown(found.failed),
            "queue": _shown(found.queue),
            "compute_input": _shown(found.preprocess),
            "compute_infer": _shown(found.predict),
            "compute_output": _shown(_NOTHING),
            "cache_hit": _shown(found.reused),
            "cache_miss": _shown(missed),
        },
        "batch_stats": [],
    }


def _shown(times: Times) -> dict[str, int]:
    return {"count": times.count, "ns": max(0, round(times.seconds * NANOSECONDS))}
