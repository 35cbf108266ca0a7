"""How many webhooks may be under way to each host, so that none waits for another's receiver."""

from collections import Counter, OrderedDict

REMEMBERED_HOSTS = 10_000


class Rooms:
    """Of one process. A host whose last attempt failed has room for one, and all such together for
    half of what the process sends at a time: however many are dead, the living find room.
    """

    def __init__(self, total: int, per_host: int) -> None:
        self._total = total
        self._per_host = per_host
        self._taken: Counter[str] = Counter()
        self._failing: OrderedDict[str, None] = OrderedDict()

    @property
    def left(self) -> int:
        return self._total - self._taken.total()

    def of(self, host: str) -> int:
        """How many more may go there now."""
        if host not in self._failing:
            return self._per_host - self._taken[host]
        return 1 - self._taken[host] if self._taken_by_failing() < max(1, self._total // 2) else 0

    def full(self) -> list[str]:
        """The hosts that can take no more."""
        return [host for host in self._taken if self.of(host) <= 0]

    def take(self, host: str) -> bool:
        """Room for one more, or False where there is none."""
        if self.of(host) <= 0:
            return False
        self._taken[host] += 1
        return True

    def clear(self) -> None:
        """Nobody is under way; who failed is still known."""
        self._taken.clear()

    def give_back(self, host: str) -> None:
        self._taken[host] -= 1
        if self._taken[host] <= 0:
            del self._taken[host]

    def remember(self, host: str, *, failed: bool) -> None:
        """How the last attempt went."""
        self._failing.pop(host, None)
        if failed:
            self._failing[host] = None
            if len(self._failing) > REMEMBERED_HOSTS:
                self._failing.popitem(last=False)

    def _taken_by_failing(self) -> int:
        return sum(count for host, count in self._taken.items() if host in self._failing)
