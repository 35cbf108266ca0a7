"""The operations for operators."""

from api.openapi.operation import operation
from api.openapi.schemas import Alive, Health, SystemHealth
from shared import errors

TAG = "operations"

ROOT = operation(
    "get_root", "Where things are", tag=TAG, answers={200: ("This is Queuecast.", Alive)}
)
LIVE = operation(
    "get_liveness",
    "Whether the process answers",
    tag=TAG,
    answers={200: ("It does.", Health)},
    keyed=False,
)
READY = operation(
    "get_readiness",
    "Whether the process can accept a job",
    tag=TAG,
    answers={200: ("It can.", Health)},
    problems=(errors.Unavailable, errors.StorageFull),
    keyed=False,
)
SYSTEM = operation(
    "get_system_health",
    "Every component, worker and backlog",
    tag=TAG,
    answers={200: ("Always 200: read `status`.", SystemHealth)},
)
METRICS = operation(
    "get_metrics",
    "Metrics for Prometheus",
    tag=TAG,
    answers={200: ("Text exposition format.", Health)},
)
METRICS["responses"][200]["content"] = {"text/plain": {"schema": {"type": "string"}}}
