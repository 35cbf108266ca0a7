"""One request until it is answered: tries, pauses and time-outs, as steps without I/O."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx2

from queuecast.answers import check
from queuecast.errors import ConnectionFailed, UnexpectedAnswer
from queuecast.retries import Retries
from queuecast.steps import Operation, Pause, Request

_GRACE_SECONDS = 1.0  # an answer sent at the deadline still has to travel


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sends requests to `base_url`. A deadline is a time of `clock`, in monotonic seconds."""

    base_url: str
    timeout_seconds: float
    retries: Retries
    clock: Callable[[], float]

    def send(self, request: Request, deadline: float = math.inf) -> Operation[httpx2.Response]:
        """The successful response; raises ApiError or ConnectionFailed once retrying ends."""
        attempt = 0
        while True:
            attempt += 1
            answer = yield self.bounded(request, deadline)
            assert answer is not None  # noqa: S101  # only a Pause is answered with None
            pause = self.retries.pause_seconds(attempt, answer)
            if pause is None or self.clock() + pause >= deadline:
                return self._accepted(answer)
            yield Pause(pause)

    def pause_seconds(self, attempt: int, answer: httpx2.Response | httpx2.RequestError) -> float:
        """Until the next try after the `attempt`-th; raises as `send` where there is none."""
        pause = self.retries.pause_seconds(attempt, answer)
        if pause is None:
            self._accepted(answer)
            raise UnexpectedAnswer("the server answered what was not asked for")
        return pause

    def deadline(self, timeout_seconds: float | None) -> float:
        return math.inf if timeout_seconds is None else self.clock() + timeout_seconds

    def bounded(self, request: Request, deadline: float = math.inf) -> Request:
        """`request` with its share of the time that is left."""
        allowed = self.timeout_seconds + request.hold_seconds
        remaining = max(0.0, deadline - self.clock()) + _GRACE_SECONDS
        return replace(request, timeout_seconds=min(allowed, remaining))

    def _accepted(self, answer: httpx2.Response | httpx2.RequestError) -> httpx2.Response:
        if isinstance(answer, httpx2.Response):
            return check(answer)
        slow = isinstance(answer, httpx2.TimeoutException)
        reason = "no answer in time" if slow else str(answer) or type(answer).__name__
        raise ConnectionFailed(f"cannot reach {self.base_url}: {reason}") from answer
