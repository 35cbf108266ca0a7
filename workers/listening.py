"""A task goes on with the bells that ring soon after its own, without a turn through Celery.

An interrupt for every packet costs more than the packet, so a network card's driver that was woken
polls for a while before it sleeps again (Linux calls it NAPI). Through Celery's loop a bell costs
a worker more than a millisecond of CPU; one that a take hears by itself costs next to nothing.
"""

from collections.abc import Callable

from shared.backlog import bell_check
from workers.worker import Worker

QUIET_SECONDS = 0.1
"""A worker that hears nothing for so long returns to Celery."""

TASK_SECONDS = 0.5
"""So long a task goes on at most: Celery's control commands and events wait meanwhile, and Flower
waits for an answer for a second."""


class Listening:
    """Of one worker process; where it has several threads, each task does its own bell only."""

    def __init__(self, worker: Worker, is_bell: Callable[[bytes], bool]) -> None:
        self._worker = worker
        self._is_bell = is_bell

    def work(self, stage: Callable[..., int], *names: str) -> int:
        """Runs `stage` with what the task's own bell names, then with what the next ones name.

        Answers the sum of what it answers. A bell that is lost on the way is rung by the sweeper.
        """
        clock, worker = self._worker.clock, self._worker
        until = clock.monotonic() + TASK_SECONDS
        worker.listen(0.0)
        done = stage(*names)
        while worker.is_alone and not worker.stopping and clock.monotonic() < until:
            # What rang last is likely to ring next: it is taken in the same step.
            worker.listen(QUIET_SECONDS)
            taken = stage(*names)
            bell = worker.heard()
            named = self._names(bell, len(names)) if bell is not None else None
            if named is not None and (named != names or not taken):
                names = named
                taken += stage(*names)
            done += taken
            if bell is None:
                break
        return done

    def _names(self, bell: bytes, number: int) -> tuple[str, ...] | None:
        """What a bell names; None for what is none of this stage's, which is put aside."""
        if self._is_bell(bell) and len(named := bell_check.names(bell)) == number:
            return tuple(named)
        self._worker.set_bell_aside(bell)
        return None
