"""How a model is served, as far as the queue needs to know: no model code, no files."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which inputs the prediction log keeps: a share of those of up to so many bytes.

    `redact` names the fields that are private, `patient.name`; lists on the way are gone through.
    """

    share: float
    max_bytes: int
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Serving:
    """`lane` predicts it; a result is reused for `cache_seconds` (0: never).

    Of at most `cache_entries` distinct inputs at a time the results are remembered. At most
    `queue_max_jobs` wait or run (0: as the settings say). Without `sampling` no input is logged.
    """

    lane: str = "cpu"
    cache_seconds: float = 0.0
    cache_entries: int = 0
    queue_max_jobs: int = 0
    sampling: Sampling | None = None


Served = Mapping[str, Serving]
"""By model."""
