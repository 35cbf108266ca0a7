"""How many of something one process has under way: each costs it something until it ends."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import BusyError


class Slots:
    """Whoever finds none is refused, and told what `advice` says."""

    def __init__(self, refusal: type[BusyError], advice: str) -> None:
        self._refusal = refusal
        self._advice = advice
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one_of(self, most: int, tenant: str = "", of_tenant: int | None = None) -> Iterator[None]:
        """Takes a slot while the block runs; raises the refusal where there is none.

        A tenant has at most `of_tenant` of them, so that it leaves some to others.
        """
        if self._taken.total() >= most:
            raise self._refused("this process has")
        if of_tenant is not None and self._taken[tenant] >= of_tenant:
            raise self._refused("your tenant has")
        self._taken[tenant] += 1
        try:
            yield
        finally:
            self._taken[tenant] -= 1

    def _refused(self, who: str) -> BusyError:
        return self._refusal(f"{who} as many as it may; {self._advice}", retry_after_seconds=5)
