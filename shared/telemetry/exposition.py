"""The metrics as Prometheus reads them.

Processes that share the folder in PROMETHEUS_MULTIPROC_DIR add up, and each of them tells the sum;
another tells of itself only.
"""

import os

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.errors import StartupRefused
from shared.settings import Settings

SHARED = "PROMETHEUS_MULTIPROC_DIR"

# A time series more for each of ours, which nothing here reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


def registry(*more: Collector) -> CollectorRegistry:
    """What this process tells, with what `more` read at each scrape."""
    gathered = CollectorRegistry()
    if SHARED in os.environ:
        MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    else:
        gathered.register(REGISTRY)
    for one in more:
        gathered.register(one)
    return gathered


def text(*more: Collector) -> bytes:
    return generate_latest(registry(*more))


def serve(settings: Settings, *more: Collector) -> None:
    """At `metrics_host` and `metrics_port`, from a thread of its own, if there is a port.

    Raises StartupRefused where it cannot be had.
    """
    if not settings.metrics_port:
        return
    where = f"{settings.metrics_host}:{settings.metrics_port}"
    try:
        start_http_server(settings.metrics_port, settings.metrics_host, registry(*more))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise StartupRefused(f"cannot serve metrics on {where}: {why}") from error
