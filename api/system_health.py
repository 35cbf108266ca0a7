"""How the whole system is, for people and alerts: every component, worker and backlog."""

from collections import Counter
from typing import Any, cast

import redis
from sqlalchemy import text

from api.dependencies import Services
from shared.backlog import consumers
from shared.backlog.company import PASSING, Company
from shared.container import Container
from shared.db.engine import writing
from shared.domain.names import GROUP, SWEPT_SECONDS, Keys
from shared.errors import BusyError, Unavailable

PROCESSES = ("preprocess", "predict", "record", "deliver", "sweeper")

SWEEP_LATE_SECONDS = 60
"""A sweeper that lives, but whose rounds fail or hang, finds nobody who is lost."""

OK, DOWN, UNKNOWN = "ok", "down", "unknown"


def require_ready(here: Services) -> None:
    """Whether this process can accept a job; raises BusyError."""
    require_writable(here.container)
    if not here.registry.models:
        raise Unavailable("no model is served", retry_after_seconds=10)


def require_writable(container: Container) -> None:
    """Takes the write lock of SQLite, asks PostgreSQL whether it is a replica; writes nothing."""
    with writing(container.engine) as connection:
        if connection.dialect.name == "postgresql":
            standby = (
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"
            )
            if connection.execute(text(standby)).scalar():
                raise Unavailable("the database takes no writes now", retry_after_seconds=5)


def system_health(here: Services) -> dict[str, Any]:
    """`status` is `ok` when every component is; backlogs that are empty are left out."""
    components = {"sql": _sql(here.container)}
    backlogs: list[dict[str, Any]] = []
    workers: Counter[str] | None = None
    swept: float | None = None
    try:
        workers = _workers(here.container)
        backlogs = _backlogs(here.container)
        swept = _swept_seconds_ago(here.container)
        components["redis"] = {"status": OK}
        components["settings"] = _settings(here.company)
    except redis.RedisError as error:
        workers = None
        components["redis"] = {"status": DOWN, "detail": type(error).__name__}
    components |= {name: _process(name, workers) for name in PROCESSES}
    if workers is not None:
        components["sweeper"] |= _sweeps(components["sweeper"], swept)
    all_ok = all(one["status"] == OK for one in components.values())
    return {
        "status": OK if all_ok else "degraded",
        "components": components,
        "backlogs": backlogs,
        "models": {
            "served": sorted(here.registry.models),
            "refused": [{"name": one.name, "reason": one.reason} for one in here.registry.refused],
        },
    }


def _sql(container: Container) -> dict[str, Any]:
    try:
        require_writable(container)
    except BusyError as error:
        return {"status": DOWN, "detail": error.detail}
    return {"status": OK}


def _settings(company: Company) -> dict[str, Any]:
    """What other processes work with that this one does not."""
    found = company.differences()
    differ = [{"fact": one.fact.value, "process": one.process} for one in found]
    passing = all(one.fact in PASSING for one in found)
    return {"status": OK if passing else DOWN} | ({"differ": differ} if differ else {})


def _workers(container: Container) -> Counter[str]:
    """How many processes of each kind were heard of lately."""
    living = consumers.living(container.redis, container.settings.key_prefix)
    return Counter(name.partition(":")[0] for name in living)


def _process(name: str, workers: Counter[str] | None) -> dict[str, Any]:
    if workers is None:
        return {"status": UNKNOWN}
    return {"status": OK if workers[name] else DOWN, "workers": workers[name]}


def _swept_seconds_ago(container: Container) -> float | None:
    """Of the last round in which all went well, by the clock of Redis."""
    left = container.redis.pttl(Keys(container.settings.key_prefix).swept)
    return SWEPT_SECONDS - left / 1000 if left > 0 else None


def _sweeps(sweeper: dict[str, Any], swept: float | None) -> dict[str, Any]:
    late = swept is None or swept > SWEEP_LATE_SECONDS
    status = DOWN if late else sweeper["status"]
    return {"status": status, "last_success_seconds": None if swept is None else round(swept, 1)}


def _backlogs(container: Container) -> list[dict[str, Any]]:
    keys = Keys(container.settings.key_prefix)
    streams = sorted(cast("set[bytes]", container.redis.smembers(keys.streams)))
    pipeline = container.redis.pipeline(transaction=False)
    for stream in streams:
        pipeline.xlen(stream)
        pipeline.xpending(stream, GROUP)
    # A stream that has just emptied may be gone, and its group with it.
    replies = pipeline.execute(raise_on_error=False)
    found = []
    for stream, length, pending in zip(streams, replies[::2], replies[1::2], strict=True):
        backlog, priority = keys.parse_stream(stream.decode())
        if isinstance(length, int) and length:
            held = pending["pending"] if isinstance(pending, dict) else 0
            found.append(
                {
                    "stage": backlog.stage,
                    "model": backlog.model,
                    "version": backlog.version,
                    "priority": priority,
                    "waiting": max(0, length - held),
                    "in_progress": held,
                }
            )
    return found
