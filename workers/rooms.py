"""How many webhooks may be under way at a time, so that none waits for another's receiver."""

import random
from collections import Counter, OrderedDict
from collections.abc import Iterable

REMEMBERED = 10_000

Receiver = tuple[str, str]
"""A tenant and a host. The same host of two tenants is two receivers: one cannot slow the other."""


class Rooms:
    """Of one process. A tenant may hold twice as many rooms as are free, and for receivers whose
    last attempt failed as many as are free: no tenant has all, and what becomes free goes to those
    who have the least. A receiver that failed has room for one.
    """

    def __init__(self, total: int, per_host: int) -> None:
        self._total = total
        self._per_host = per_host
        self._taken: Counter[Receiver] = Counter()
        self._failing: OrderedDict[Receiver, None] = OrderedDict()

    @property
    def left(self) -> int:
        return self._total - self._taken.total()

    def hold(self, under_way: Iterable[Receiver]) -> None:
        """These are taken, and no others."""
        self._taken = Counter(under_way)

    def in_turn(self, tenants: Iterable[str]) -> list[str]:
        """Those with the fewest under way first; of equals, anyone."""
        return sorted(tenants, key=lambda tenant: (self._of(tenant), random.random()))  # noqa: S311

    def is_full(self, tenant: str) -> bool:
        """Whether there is no room for any of its webhooks."""
        return self._of(tenant) >= 2 * self.left

    def full_hosts(self, tenant: str) -> list[str]:
        """Its hosts that can take no more."""
        its = [host for one, host in self._taken if one == tenant]
        return [host for host in its if not self._has_room(tenant, host)]

    def take(self, tenant: str, host: str) -> bool:
        """Room for one more, or False where there is none."""
        if self.is_full(tenant) or not self._has_room(tenant, host):
            return False
        self._taken[tenant, host] += 1
        return True

    def remember(self, tenant: str, host: str, *, failed: bool) -> None:
        """How the last attempt went."""
        self._failing.pop((tenant, host), None)
        if failed:
            self._failing[tenant, host] = None
            if len(self._failing) > REMEMBERED:
                self._failing.popitem(last=False)

    def _has_room(self, tenant: str, host: str) -> bool:
        taken = self._taken[tenant, host]
        if (tenant, host) not in self._failing:
            return taken < self._per_host
        failing = sum(
            n for one, n in self._taken.items() if one[0] == tenant and one in self._failing
        )
        return taken < 1 and failing < self.left

    def _of(self, tenant: str) -> int:
        return sum(count for (one, _), count in self._taken.items() if one == tenant)
