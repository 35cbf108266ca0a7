"""What chaos needs to know of a system that it strikes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loadtests.bench.http_client import Address, Answer
from loadtests.chaos.databases import Database
from loadtests.chaos.network import Link
from loadtests.chaos.orders import Order
from loadtests.chaos.redis_server import RedisServer


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the system's own storage has it; `number` is that of its order.

    `attempt` is the last one; `status` is None while it has not ended; `ends` is how many ends were
    recorded.
    """

    id: str
    number: int
    status: str | None
    output: bytes | None
    error_code: str | None
    cache: str
    attempt: int
    created_at: datetime
    completed_at: datetime | None
    ends: int


@dataclass(frozen=True, slots=True)
class Servers:
    """What a system works with, ours to harm; `link` is the network between it and its Redis."""

    redis: RedisServer
    link: Link
    database: Database


class Victim(Protocol):
    """A running system."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> Address: ...

    @property
    def servers(self) -> Servers: ...

    def roles(self) -> dict[str, list[int]]:
        """The pids of each kind of process that runs now."""

    def submit(self, order: Order, webhook_url: str) -> bytes:
        """A whole request."""

    def cancel(self, job_id: str) -> bytes | None:
        """A whole request; None where there is no such thing."""

    def job_id(self, answer: Answer) -> str | None:
        """Of a submit that was acknowledged."""

    def unfinished(self, before: datetime) -> int | None:
        """How many jobs accepted before have not ended; None while that cannot be asked."""

    def rows(self) -> Sequence[Row]:
        """Every job that it knows."""

    def seen(self, answer: bytes) -> tuple[str, float | None] | None:
        """Status and y of a prediction that has ended, as a client or a webhook is shown it."""

    def look(self, job_id: str) -> bytes:
        """A whole request for one prediction."""

    def fenced(self) -> int:
        """Outcomes that came too late, as it counts them."""

    def contradictions(self) -> Sequence[str]:
        """What is in no place, or in two, of the work that is not done: see workers.partition."""

    def deliveries(self) -> dict[str, str]:
        """By job, the state of the webhook that tells of its end."""
