"""What the bench needs to know of a system that it measures."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from loadtests.bench.http_client import Address, Answer

SUBMITTING = "a POST that waits"
WAITING = "a GET that waits"
POLLING = "a GET every 2 ms"
POLL_SECONDS = 0.002


class Dialect(Protocol):
    """How jobs are sent to a system over HTTP, and how their results are fetched.

    An answer to a submit that carries the result already needs no fetch.
    """

    @property
    def pause_seconds(self) -> float:
        """Between two looks at one job; 0 where the server holds its answer until the end."""

    def submit(self, address: Address, model: str, input: bytes) -> bytes:
        """A whole request; `input` is JSON."""

    def fetch(self, address: Address, job_id: str) -> bytes:
        """A whole request."""

    def job_id(self, answer: Answer) -> str:
        """From the answer to a submit."""

    def is_done(self, answer: Answer) -> bool:
        """Whether the answer carries the result. Called while the clock runs: it must be cheap."""

    def output(self, answer: Answer) -> Any:
        """The result of a job that is done; raises ArmFailed when it is none."""


Pids = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Service:
    """A system that is up.

    `processes` answers the pids of each kind of process, by name; `workers` names those kinds that
    a job can do without until they go on. `patient` are the ways to wait for one job, by name;
    `share` is how many of the jobs of a scenario it gets, so that all take about as long.
    """

    address: Address
    dialect: Dialect
    processes: Callable[[], Pids]
    patient: Mapping[str, Dialect]
    redis_url: str | None = None
    data_dir: Path | None = None
    workers: Sequence[str] = ()
    share: float = 1.0


class Arm(Protocol):
    """A system that can be started as often as asked; a fresh folder begins with nothing stored."""

    @property
    def name(self) -> str: ...

    def running(self, folder: Path) -> AbstractContextManager[Service]:
        """Keeps what it writes in `folder`; stops every process at the end."""
