"""What becomes of each request: counted, timed, and logged where that is asked for.

A counter in shared memory costs 1 µs to raise, and every job has two requests. So a request is
noted in a dict, and what has come together is counted once a second, and before this process is
asked.
"""

import asyncio
from collections import defaultdict
from typing import Literal

import structlog
from starlette.types import Scope

from shared.telemetry import counters
from shared.telemetry.many import observe_all

log = structlog.get_logger()

FLUSH_SECONDS = 1.0

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

TEMPLATE = "queuecast.template"
"""In the scope of a request that no route was looked up for: the template of its path."""

Logged = Literal["none", "errors", "all"]


class RequestTally:
    """Used on one event loop only."""

    def __init__(self, logged: Logged = "none") -> None:
        self._logged = logged
        self._seconds: defaultdict[tuple[str, str, int], list[float]] = defaultdict(list)

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """One request; `seconds` until its answer began."""
        template, method = template_of(scope), scope["method"]
        method = method if method in METHODS else "other"
        self._seconds[template, method, status].append(seconds)
        if self._logged == "all" or (self._logged == "errors" and status >= 500):
            _log(scope, template, status, seconds)

    def flush(self) -> None:
        noted, self._seconds = self._seconds, defaultdict(list)
        for (template, method, status), seconds in noted.items():
            counters.http_requests.labels(template, method, str(status)).inc(len(seconds))
            observe_all(counters.http_request_seconds.labels(template, method), seconds)

    async def keep_flushing(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                self.flush()
        finally:
            self.flush()


def template_of(scope: Scope) -> str:
    """Of the route that served it, or was found for it."""
    found: str | None = scope.get(TEMPLATE)
    if found is not None:
        return found
    route = scope.get("route")
    return "unmatched" if route is None else str(route.path_format)


def _log(scope: Scope, template: str, status: int, seconds: float) -> None:
    """Without its query, which is the client's own; the path is, but names what it asked for."""
    log.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        route=template,
        status=status,
        seconds=round(seconds, 6),
    )
