"""A task goes on with the bells that ring soon after its own, without a turn through Celery.

An interrupt for every packet costs more than the packet, so a network card's driver that was woken
polls for a while before it sleeps again (Linux calls it NAPI). Through Celery's loop a bell costs
a worker more than a millisecond of CPU; one that the task takes off the queue, a tenth of that.
"""

from collections.abc import Callable
from typing import cast

import redis

from shared.backlog import bell_check
from shared.clock import Clock

QUIET_SECONDS = 0.1
"""A worker that hears nothing for so long returns to Celery."""

TASK_SECONDS = 0.5
"""So long a task goes on at most: Celery's control commands and events wait meanwhile, and Flower
waits for an answer for a second."""


class Listening:
    """Of one worker process. `queue` is the list that holds the Celery queue of its bells."""

    def __init__(
        self,
        client: redis.Redis,
        queue: str,
        clock: Clock,
        *,
        is_bell: Callable[[bytes], bool],
        refused: Callable[[bytes], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._redis = client
        self._queue = queue
        self._clock = clock
        self._is_bell = is_bell
        self._refused = refused
        self._is_stopping = is_stopping

    def work(self, stage: Callable[..., int], *names: str) -> int:
        """Runs `stage` with what the task's own bell names, then with what the next ones name.

        Answers the sum of what it answers. A bell that is lost on the way is rung by the sweeper.
        """
        until = self._clock.monotonic() + TASK_SECONDS
        done = stage(*names)
        while self._clock.monotonic() < until and not self._is_stopping():
            message = self._next()
            if message is None:
                break
            if self._is_bell(message) and len(heard := bell_check.names(message)) == len(names):
                done += stage(*heard)
            else:
                self._refused(message)
        return done

    def _next(self) -> bytes | None:
        try:
            popped = cast(
                "tuple[bytes, bytes] | None", self._redis.brpop([self._queue], QUIET_SECONDS)
            )
        except redis.RedisError:
            return None  # Celery waits until Redis is back
        return popped[1] if popped else None
