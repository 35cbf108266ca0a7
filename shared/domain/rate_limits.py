"""How a limit is told: `RateLimit-Policy`, what may be used, and `RateLimit`, what is left.

Both are lists of structured fields (RFC 9651), as draft-ietf-httpapi-ratelimit-headers has them:
`"requests";q=50;w=1`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shared.errors import RateLimited

BYTES = "content-bytes"
"""The unit of a policy that bounds what is sent, as the draft calls it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`quota` units in `window_seconds`; without a window, so many at a time."""

    name: str
    quota: int
    window_seconds: int | None = None
    unit: str = "requests"

    def __str__(self) -> str:
        window = f";w={self.window_seconds}" if self.window_seconds else ""
        unit = f';qu="{self.unit}"' if self.unit != "requests" else ""
        return f'"{self.name}";q={self.quota}{window}{unit}'


def limit_reached(
    detail: str, policies: Iterable[Policy], reached: Policy, seconds: float
) -> RateLimited:
    """The refusal of a request that would go beyond `reached`; in `seconds` it may fit."""
    wait = max(1, math.ceil(seconds))
    headers = {
        "RateLimit-Policy": ", ".join(map(str, policies)),
        "RateLimit": f'"{reached.name}";r=0;t={wait}',
    }
    return RateLimited(detail, retry_after_seconds=wait, headers=headers)
