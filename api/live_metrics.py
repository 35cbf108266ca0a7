"""Metrics that nobody counts: how Redis stands, read when Prometheus asks."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import redis
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.backlog import consumers
from shared.backlog.company import Company, Fact
from shared.backlog.depths import StreamDepth, read_depths
from shared.container import Container
from shared.domain.names import Backlog, Keys, Stage

WORKERS = (*(stage.value for stage in Stage), "sweeper")

BACKLOG = ("stage", "model", "version")
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "queuecast_redis_up": ("Whether Redis answers this process.", ()),
    "queuecast_redis_memory_bytes": ("Memory that Redis uses.", ()),
    "queuecast_redis_memory_max_bytes": ("Memory that Redis may use; 0: any.", ()),
    "queuecast_workers": ("Processes that were heard of lately.", ("stage",)),
    "queuecast_backlog_waiting": ("Jobs that no worker has taken yet.", BACKLOG),
    "queuecast_backlog_in_progress": ("Jobs in a worker's hands.", BACKLOG),
    "queuecast_backlog_oldest_age_seconds": (
        "For how long the job that is longest in a backlog has been there.",
        BACKLOG,
    ),
    "queuecast_settings_mismatch": (
        "Living processes that work with another one than this process does.",
        ("fact",),
    ),
}


Samples = dict[str, dict[tuple[str, ...], float]]
"""By name and labels."""


class LiveMetrics(Collector):
    """Reads at each scrape. Where Redis does not answer it says that, and nothing else."""

    def __init__(self, container: Container, company: Company) -> None:
        self._container = container
        self._company = company
        self._keys = Keys(container.settings.key_prefix)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        samples: Samples = {"queuecast_redis_up": {(): 0.0}}
        with suppress(redis.RedisError):
            samples = {**self._read(), "queuecast_redis_up": {(): 1.0}}
        for name, values in samples.items():
            about, labels = GAUGES[name]
            family = GaugeMetricFamily(name, about, labels=labels)
            for of, value in values.items():
                family.add_metric(of, value)
            yield family

    def _read(self) -> Samples:
        client = self._container.redis
        memory: dict[str, Any] = client.info("memory")
        living = consumers.living(client, self._container.settings.key_prefix)
        workers = Counter(name.partition(":")[0] for name in living)
        differing = Counter(one.fact for one in self._company.differences())
        return {
            "queuecast_redis_memory_bytes": {(): memory["used_memory"]},
            "queuecast_redis_memory_max_bytes": {(): memory["maxmemory"]},
            "queuecast_workers": {(stage,): workers[stage] for stage in WORKERS},
            "queuecast_settings_mismatch": {(fact.value,): differing[fact] for fact in Fact},
            **_backlogs(read_depths(client, self._keys)),
        }


def _backlogs(streams: Iterable[StreamDepth]) -> Samples:
    """Each with its three streams together."""
    of: dict[Backlog, list[StreamDepth]] = defaultdict(list)
    for one in streams:
        of[one.backlog].append(one)
    named = {(key.stage.value, key.model, key.version): depths for key, depths in of.items()}
    return {
        "queuecast_backlog_waiting": {
            key: sum(one.waiting for one in depths) for key, depths in named.items()
        },
        "queuecast_backlog_in_progress": {
            key: sum(one.in_progress for one in depths) for key, depths in named.items()
        },
        "queuecast_backlog_oldest_age_seconds": {
            key: max(one.oldest_age_seconds for one in depths) for key, depths in named.items()
        },
    }
