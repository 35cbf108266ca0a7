"""The last minutes in numbers: how much, how fast, what waits, who works."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import redis

from api.dependencies import Services
from shared.backlog.depths import StreamDepth, read_depths
from shared.backlog.who_works import Worker, workers
from shared.db.engine import reading
from shared.domain.names import Keys
from shared.domain.prediction import wire_time
from shared.domain.states import State
from shared.prediction_log.recent import Ended, Recent, recent

WINDOW_SECONDS = 60
"""What the figures are of."""

SERIES_SECONDS = 600
"""How far back the series goes."""

LEAST_SECONDS = 0.05

STEP_SECONDS = 5
"""What one point of the series counts."""


def overview(here: Services, tenant: str, *, names_hosts: bool) -> dict[str, Any]:
    """Of the tenant's own jobs; what waits and who works is of all. Raises BusyError."""
    now = here.container.clock.now()
    found = _recent(here, tenant, now - timedelta(seconds=SERIES_SECONDS))
    jobs = [one for version in found for one in version.ended]
    window = _Window(now, max((one.whole_since for one in found), default=now))
    newest = [one for one in jobs if one.at >= window.since]
    return {
        "at": wire_time(now),
        "window_seconds": round(window.seconds, 3),
        **_figures(newest, window.seconds),
        "cache": _cache(newest),
        "models": [_of_version(one, window) for one in found],
        "series": _series(jobs, found, now),
        **_redis(here, names_hosts=names_hosts),
    }


class _Window:
    """The last minute; less where more jobs ended in it than are looked at."""

    def __init__(self, now: datetime, whole_since: datetime) -> None:
        self.since = max(now - timedelta(seconds=WINDOW_SECONDS), whole_since)
        self.seconds = max(LEAST_SECONDS, (now - self.since).total_seconds())


def _recent(here: Services, tenant: str, since: datetime) -> list[Recent]:
    served = here.registry.models.values()
    versions = [(model.name, version) for model in served for version in model.versions]
    with reading(here.container.engine) as connection:
        return recent(connection, tenant, versions, since)


def _figures(jobs: Sequence[Ended], seconds: float) -> dict[str, Any]:
    """Times are of those that succeeded: what failed at once would make them look good."""
    times = sorted(one.seconds for one in jobs if one.status == State.SUCCEEDED)
    return {
        "finished": len(jobs),
        "failed": sum(one.status == State.FAILED for one in jobs),
        "per_second": round(len(jobs) / seconds, 3),
        "p50_seconds": _percentile(times, 0.5),
        "p95_seconds": _percentile(times, 0.95),
    }


def _percentile(ordered: Sequence[float], part: float) -> float | None:
    """The nearest rank; None of nothing."""
    return round(ordered[int(part * (len(ordered) - 1) + 0.5)], 6) if ordered else None


def _cache(jobs: Iterable[Ended]) -> dict[str, Any]:
    counted = Counter(one.cache for one in jobs)
    reused = counted["hit"] + counted["joined"]
    total = counted.total()
    words = {word: counted[word] for word in ("hit", "joined", "miss")}
    return words | {"share": round(reused / total, 4) if total else None}


def _of_version(found: Recent, window: _Window) -> dict[str, Any]:
    jobs = [one for one in found.ended if one.at >= window.since]
    return {
        "model": found.model,
        "version": f"{found.model}:{found.version}",
        **_figures(jobs, window.seconds),
    }


def _series(jobs: Iterable[Ended], found: Iterable[Recent], now: datetime) -> list[dict[str, Any]]:
    """A point for each step that is over and whole, oldest first; `at` is its end."""
    last = int(now.timestamp()) // STEP_SECONDS
    whole = max((one.whole_since for one in found), default=now).timestamp()
    first = -int(-whole // STEP_SECONDS)
    steps: dict[int, list[Ended]] = {step: [] for step in range(first, last)}
    for one in jobs:
        steps.get(int(one.at.timestamp()) // STEP_SECONDS, []).append(one)
    return [
        {"at": (step + 1) * STEP_SECONDS, **_figures(ended, STEP_SECONDS)}
        for step, ended in steps.items()
    ]


def _redis(here: Services, *, names_hosts: bool) -> dict[str, Any]:
    """null while Redis cannot be asked."""
    client, prefix = here.container.redis, here.container.settings.key_prefix
    try:
        depths, working = read_depths(client, Keys(prefix)), workers(client, prefix)
        differing = here.company.differences() if names_hosts else []
    except redis.RedisError:
        return {"queues": None, "workers": None, "differ": None}
    return {
        "queues": [_queue(one) for one in depths if one.waiting or one.in_progress],
        "workers": [_worker(one, names_host=names_hosts) for one in working],
        "differ": [{"fact": one.fact.value, "process": one.process} for one in differing],
    }


def _queue(depth: StreamDepth) -> dict[str, Any]:
    return {
        "stage": depth.backlog.stage,
        "model": depth.backlog.model,
        "version": depth.backlog.version,
        "priority": depth.priority,
        "waiting": depth.waiting,
        "in_progress": depth.in_progress,
        "oldest_seconds": round(depth.oldest_age_seconds, 3),
    }


def _worker(worker: Worker, *, names_host: bool) -> dict[str, Any]:
    return {
        "kind": worker.kind,
        "host": worker.host if names_host else None,
        "pid": worker.pid if names_host else None,
        "running": [
            {"version": f"{one.model}:{one.version}", "model": one.model, "jobs": one.jobs}
            for one in worker.running
        ],
    }
