"""Where a job that waits stands, and when it should run: asked for by whoever looks at one.

Nothing is counted while nobody asks. A process looks at the lines of a model version once a second
at most, and learns how fast they move from what was taken between two looks.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import takewhile
from typing import Any

import redis
import structlog
from redis.asyncio import Redis as AsyncRedis

from shared.backlog import waiting_line
from shared.backlog.breaker import Breaker
from shared.backlog.waiting_line import Lines
from shared.clock import Clock
from shared.domain.names import GROUP, Keys, Priority, Stage
from shared.domain.prediction import Snapshot
from shared.domain.states import Progress
from shared.settings import Settings
from shared.telemetry import counters

log = structlog.get_logger()

LOOK_SECONDS = 1.0
MEASURED_SECONDS = 30.0
"""The speed of a line is that of so long a time, as far as somebody has looked."""


_WAITS_FOR = {
    Progress.QUEUED.value: Stage.PREPROCESS,
    Progress.PREDICTING.value: Stage.PREDICT,
}
"""By where a job is, the stage before which it may wait; it may also be in a worker's hands."""


@dataclass(frozen=True, slots=True)
class Position:
    """1 is the next to run; `start` is unknown until the speed has been measured."""

    place: int
    start: datetime | None


@dataclass(slots=True)
class _Seen:
    """What was seen of one model version; `taken` are times and counts, oldest first."""

    at: float = -LOOK_SECONDS
    lines: Lines = field(default_factory=dict)
    taken: deque[tuple[float, int]] = field(default_factory=deque)
    look: "asyncio.Task[None] | None" = None

    def note(self, at: float, lines: Lines) -> None:
        self.at, self.lines = at, lines
        counts = [line.taken for (stage, _), line in lines.items() if stage is Stage.PREDICT]
        known = [count for count in counts if count is not None]
        if len(known) < len(counts) or (self.taken and sum(known) < self.taken[-1][1]):
            self.taken.clear()  # Redis does not count, or has begun anew
        if len(known) == len(counts):
            self.taken.append((at, sum(known)))
        while self.taken and at - self.taken[0][0] > MEASURED_SECONDS:
            self.taken.popleft()

    def per_second(self) -> float | None:
        """Jobs that came to their run; None while nothing moved."""
        if len(self.taken) < 2:
            return None
        (first_at, first), (last_at, last) = self.taken[0], self.taken[-1]
        return (last - first) / (last_at - first_at) if last > first else None


class Positions:
    """Of one API process; used on its event loop only."""

    def __init__(
        self, client: AsyncRedis, breaker: Breaker, clock: Clock, settings: Settings
    ) -> None:
        self._breaker = breaker
        self._clock = clock
        self._keys = Keys(settings.key_prefix)
        self._budget_seconds = settings.redis_budget_seconds
        script = files("shared.backlog").joinpath("waiting_line.lua").read_text()
        self._script = client.register_script(script)
        self._seen: dict[tuple[str, str], _Seen] = {}

    async def of(self, job: Snapshot) -> Position | None:
        """Where an unfinished job stands; None where it runs, waits for another, or is unknown."""
        seen = self._seen.setdefault((job["model"], job["version"]), _Seen())
        await self._look(seen, job["model"], job["version"])
        ahead = self._ahead(seen.lines, job)
        if ahead is None:
            return None
        speed = seen.per_second()
        start = self._clock.now() + timedelta(seconds=ahead / speed) if speed else None
        return Position(ahead + 1, start)

    def _ahead(self, lines: Lines, job: Snapshot) -> int | None:
        """Those before it in its own line, and all in the lines that go before that one."""
        stage, since = _WAITS_FOR.get(job["stage"]), job["started_at"] or job["created_at"]
        if stage is None or not lines:
            return None
        priority = Priority(job["priority"])
        joined = datetime.fromisoformat(since).timestamp()
        rank = lines[stage, priority].rank(self._keys.snapshot(job["id"]), joined)
        if rank is None:
            return None
        sooner = [*takewhile(lambda one: one is not priority, Priority)]
        before = [lines[stage, other] for other in sooner]
        if stage is Stage.PREPROCESS:
            before += [lines[Stage.PREDICT, other] for other in (*sooner, priority)]
        return rank + sum(line.waiting for line in before)

    async def _look(self, seen: _Seen, model: str, version: str) -> None:
        """All who ask while one look is under way share it."""
        if self._clock.monotonic() - seen.at < LOOK_SECONDS or self._breaker.is_open:
            return
        if seen.look is None or seen.look.done():
            seen.look = asyncio.create_task(self._fetch(seen, model, version))
        await asyncio.shield(seen.look)

    async def _fetch(self, seen: _Seen, model: str, version: str) -> None:
        arguments: list[Any] = waiting_line.arguments(self._keys, GROUP, model, version)
        try:
            async with asyncio.timeout(self._budget_seconds):
                answers = await self._script(args=arguments)
        except (redis.RedisError, TimeoutError, OSError) as error:
            self._breaker.trip()
            counters.redis_failures.labels("line").inc()
            log.warning("line_not_seen", error=type(error).__name__)
            seen.lines = {}
            return
        seen.note(self._clock.monotonic(), waiting_line.read(answers))
