"""Which priorities a take reads first: high does, but nobody starves behind it."""

from collections.abc import Collection

from shared.domain.names import Priority

NORMAL_WAITS_TAKES = 3
LOW_WAITS_TAKES = 15

_HIGH_FIRST = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
_NORMAL_FIRST = (Priority.NORMAL, Priority.HIGH, Priority.LOW)
_LOW_FIRST = (Priority.LOW, Priority.HIGH, Priority.NORMAL)


class Turns:
    """Of one backlog: how many full takes have passed a lower priority by.

    Whoever floods a backlog with a lower one has no turn of its own, for its takes pass nobody by:
    a high job waits for the batch that runs, and no longer. Under a flood of high every fourth take
    begins with normal and every sixteenth with low.
    """

    def __init__(self) -> None:
        self._passed_normal = 0
        self._passed_low = 0

    @property
    def order(self) -> tuple[Priority, ...]:
        """In which the next take is to read."""
        if self._passed_low >= LOW_WAITS_TAKES:
            return _LOW_FIRST
        if self._passed_normal >= NORMAL_WAITS_TAKES:
            return _NORMAL_FIRST
        return _HIGH_FIRST

    def took(self, priorities: Collection[Priority], *, full: bool) -> None:
        """What a take has brought; one that had room has left nobody waiting.

        Whose turn it was is not passed by, though it had nobody there: else it kept the turn.
        """
        priorities = {*priorities, self.order[0]}
        self._passed_normal = self._passed_by(
            Priority.NORMAL, priorities, full, self._passed_normal
        )
        self._passed_low = self._passed_by(Priority.LOW, priorities, full, self._passed_low)

    @staticmethod
    def _passed_by(
        priority: Priority, priorities: Collection[Priority], full: bool, before: int
    ) -> int:
        return before + 1 if full and priority not in priorities else 0
