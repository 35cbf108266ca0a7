"""The steps of which every operation consists, and nothing that does I/O.

An operation is a generator: it yields a `Request` and is sent the `Reply`, or yields a `Pause` and
is sent None; what it returns is its result. `Client` and `AsyncClient` only perform the steps.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import httpx2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; sent again it is the same bytes.

    `hold_seconds` is how long the server was asked to keep it open before it answers.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hold_seconds: float = 0.0
    timeout_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


Reply: TypeAlias = httpx2.Response | httpx2.RequestError | None
Operation: TypeAlias = Generator[Request | Pause, Reply, T]
