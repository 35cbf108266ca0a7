"""How `map` hands its inputs in: some ahead of what is waited for, in their order; no I/O."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from queuecast.bulk import Outcome


class Window:
    """Up to `size` inputs in flight; each is read when there is room for it, and not before."""

    def __init__(self, inputs: Iterable[Any], size: int) -> None:
        if size < 1:
            raise ValueError("in_flight must be 1 or more")
        self._inputs = iter(inputs)
        self._size = size
        self._outcomes: deque[Outcome] = deque()

    def portion(self) -> list[Any]:
        """The inputs to hand in now: none until half of the window is free."""
        free = self._size - len(self._outcomes)
        return list(islice(self._inputs, free)) if 2 * free >= self._size else []

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """What became of a portion."""
        self._outcomes += outcomes

    def oldest(self) -> Outcome | None:
        """The one to wait for; None when there is none."""
        return self._outcomes.popleft() if self._outcomes else None
