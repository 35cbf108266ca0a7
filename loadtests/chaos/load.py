"""The load: orders sent at a steady pace, whatever becomes of them; and all that was seen."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from loadtests.bench.http_client import Answer, Connection, ServerGone
from loadtests.chaos.orders import Order, Way
from loadtests.chaos.victims.victim import Victim

ANSWER_SECONDS = 15.0
"""So long a client waits for an answer."""

TRIES = 60
PAUSE_SECONDS = 0.5
"""What has a key or an id is sent again until it is answered, but no longer than half a minute."""


@dataclass(frozen=True, slots=True)
class Post:
    """One request that submits: when it was sent (epoch seconds), what it took; 0: no answer."""

    at: float
    seconds: float
    status: int


@dataclass(slots=True)
class Sent:
    """What a client knows of one order; `job_id` once it was acknowledged, at `acknowledged_at`."""

    order: Order
    posts: list[Post] = field(default_factory=list)
    job_id: str | None = None
    acknowledged_at: float = 0.0
    refused: str = ""


class Load:
    """Used on one event loop. `ends` are all ends of jobs that anybody was shown, by job."""

    def __init__(self, victim: Victim, webhook_url: str) -> None:
        self.sent: list[Sent] = []
        self.ends: defaultdict[str, set[tuple[str, float | None]]] = defaultdict(set)
        self._victim = victim
        self._webhook_url = webhook_url
        self._idle: deque[Connection] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, orders: Iterable[Order], a_second: float) -> None:
        """Sends each in its turn, and comes back when the last was answered or given up."""
        begun = time.monotonic()
        for place, order in enumerate(orders):
            await asyncio.sleep(begun + place / a_second - time.monotonic())
            sent = Sent(order)
            self.sent.append(sent)
            task = asyncio.create_task(self._send(sent))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def look_at_all(self) -> None:
        """Reads every acknowledged job once more, as a client does."""
        for job_id in [sent.job_id for sent in self.sent if sent.job_id]:
            answer, _ = await self._ask(self._victim.look(job_id))
            if answer is not None and answer.status == 200:
                self.note_end(job_id, answer.body)

    def note_end(self, job_id: str, shown: bytes) -> None:
        if end := self._victim.seen(shown):
            self.ends[job_id].add(end)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()

    async def _send(self, sent: Sent) -> None:
        order = sent.order
        request = self._victim.submit(order, self._webhook_url)
        for _ in range(1 if order.way is Way.ONCE else TRIES):
            answer = await self._post(sent, request)
            if answer is not None:
                sent.job_id = self._victim.job_id(answer)
                if sent.job_id is not None or answer.status not in (409, 429, 503, 507):
                    break
            await asyncio.sleep(PAUSE_SECONDS)
        if sent.job_id is None:
            return
        sent.acknowledged_at = time.time()
        if order.cancel_after is not None and (request := self._victim.cancel(sent.job_id) or b""):
            await asyncio.sleep(order.cancel_after)
            answer, _ = await self._ask(request)
            if answer is not None and answer.status == 200:
                self.note_end(sent.job_id, answer.body)

    async def _post(self, sent: Sent, request: bytes) -> Answer | None:
        at = time.time()
        answer, seconds = await self._ask(request)
        sent.posts.append(Post(at, seconds, answer.status if answer else 0))
        if answer is not None and answer.status >= 400:
            sent.refused = f"{answer.status} {answer.body[:200]!r}"
        return answer

    async def _ask(self, request: bytes) -> tuple[Answer | None, float]:
        """The answer, None when there was none; and what it took."""
        connection = self._idle.pop() if self._idle else Connection(self._victim.address)
        begun, answer = time.perf_counter(), None
        with suppress(OSError, ServerGone, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await connection.ask(request)
        if answer is None:
            connection.close()
        else:
            self._idle.append(connection)
        return answer, time.perf_counter() - begun
