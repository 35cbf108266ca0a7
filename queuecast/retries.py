"""When and after how long a request is sent again."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

BUSY = frozenset({408, 429, 502, 503, 504})
_HOPELESS = (
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.DecodingError,
    httpx2.TooManyRedirects,
)


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with full jitter, on connection errors, time-outs, 408, 429, 502 to 504.

    With the defaults a request is given up after about 4 s (8 s at most) of pauses. `Retry-After`
    is a lower bound of the pause; one above `longest_retry_after_seconds` ends the retries.
    """

    attempts: int = 6
    first_seconds: float = 0.25
    longest_seconds: float = 8.0
    longest_retry_after_seconds: float = 60.0
    jitter: Callable[[float, float], float] = random.uniform

    def pause_seconds(
        self, attempt: int, answer: httpx2.Response | httpx2.RequestError
    ) -> float | None:
        """The pause after the `attempt`-th try (from 1), or None when `answer` must be taken."""
        if not worth_another_try(answer):
            return None
        told = 0.0
        if isinstance(answer, httpx2.Response):
            told = retry_after_seconds(answer) or 0.0
        if told > self.longest_retry_after_seconds:
            return None
        backoff = self.backoff_seconds(attempt)
        return None if backoff is None else told + backoff

    def backoff_seconds(self, attempt: int) -> float | None:
        """The pause after the `attempt`-th try where nobody tells one; None after the last."""
        if attempt >= self.attempts:
            return None
        longest = min(self.longest_seconds, self.first_seconds * 2 ** (attempt - 1))
        return self.jitter(0.0, longest)


def worth_another_try(answer: httpx2.Response | httpx2.RequestError) -> bool:
    if isinstance(answer, httpx2.RequestError):
        return not isinstance(answer, _HOPELESS)
    # 409: the first try of this very request is still being committed.
    return answer.status_code in BUSY or (
        answer.status_code == 409 and b"idempotency-conflict" in answer.content
    )


def retry_after_seconds(response: httpx2.Response) -> float | None:
    """`Retry-After` as seconds from now, whether it came as a number or as a date."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
