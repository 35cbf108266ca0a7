"""A take while it is worked off: what of it is still owed, and what time it is in Redis."""

from collections.abc import Sequence

import redis

from shared.backlog.backlogs import Backlogs, Take, Taken
from shared.clock import Clock
from shared.domain import life
from shared.domain.names import Priority
from workers.entry_moves import added_at

LOOK_AGAIN_SECONDS = 0.05
"""An older take is looked at again before a run: a look costs 0.1 ms, a run in vain much more."""


class InHand:
    """`at` is the time in Redis at the last look, epoch seconds; `taken` all that was taken.

    `noted` are the ids that Redis holds as what this thread runs: all of it, where a take says so.
    """

    def __init__(
        self, take: Take, backlogs: Backlogs, clock: Clock, *, is_noted: bool = True
    ) -> None:
        self.at = take.at
        self.taken = take.taken
        self._is_noted = is_noted
        self.noted = [one.entry.id for one in take.taken] if is_noted else []
        self._backlogs = backlogs
        self._clock = clock
        self._taken_at = clock.monotonic()
        self._ahead = take.at - self._taken_at

    @property
    def rows(self) -> int:
        return sum(one.entry.rows for one in self.taken)

    @property
    def priorities(self) -> set[Priority]:
        """Those of which it brought some."""
        return {Priority(one.entry.job["priority"]) for one in self.taken}

    @property
    def age_seconds(self) -> float:
        """How long the oldest of it has been in its backlog."""
        return max([0.0, *(self.at - added_at(one) for one in self.taken)])

    def may_grow(self, max_rows: int, max_bytes: int) -> bool:
        """Whether it may wait for more: neither one that is full nor a suspect, nor nothing."""
        suspect = any(one.entry.suspect for one in self.taken)
        return bool(self.taken) and not suspect and not self.is_full(max_rows, max_bytes)

    def is_full(self, max_rows: int, max_bytes: int) -> bool:
        """Whether it reached one of its bounds, so that more may have been left."""
        return self.rows >= max_rows or sum(one.entry.weight for one in self.taken) >= max_bytes

    def add(self, more: Take) -> None:
        """What was taken a while later."""
        self.at = more.at
        self.taken = [*self.taken, *more.taken]
        if self._is_noted:
            self.noted = [one.entry.id for one in more.taken] or self.noted

    def still_owed(self, some: Sequence[Taken]) -> Sequence[Taken]:
        """Those of `some` that neither ended nor began anew since; the others leave the backlog.

        Asks Redis only where the take was a while ago: may raise redis.RedisError.
        """
        if not some or self._clock.monotonic() - self._taken_at < LOOK_AGAIN_SECONDS:
            return some
        look = self._backlogs.look_again(some)
        self.at = look.at
        return look.taken

    def is_wanted(self, some: Sequence[Taken]) -> bool:
        """Whether one of `some` at least has neither ended nor begun anew, nor is late by now.

        Changes nothing: for a thread beside the one that runs them. Without Redis nobody knows, so
        they go on.
        """
        now = self._clock.monotonic() + self._ahead
        due = [one for one in some if not life.is_late(one.entry.deadline, now)]
        try:
            return self._backlogs.owes_any(due)
        except redis.RedisError:
            return bool(due)
