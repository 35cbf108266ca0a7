"""How many users there are, when: from SWARM_USERS at most, over SWARM_SECONDS."""

import os

from locust import LoadTestShape

Tick = tuple[int, float]
"""Users that there should be, and how many of them come or go in a second."""


class _Shape(LoadTestShape):  # type: ignore[misc]
    abstract = True

    def __init__(self) -> None:
        super().__init__()
        self.most = int(os.environ.get("SWARM_USERS", "20"))
        self.seconds = float(os.environ.get("SWARM_SECONDS", "30"))

    def tick(self) -> Tick | None:
        """None ends the run."""
        share = self.get_run_time() / self.seconds
        return None if share >= 1 else self.users(share)

    def users(self, share: float) -> Tick:
        """`share` of the time has passed."""
        raise NotImplementedError


class Ramp(_Shape):
    """From one to all, in ten steps: at which step do times rise?"""

    def users(self, share: float) -> Tick:
        return max(1, self.most * (int(share * 10) + 1) // 10), self.most


class Spike(_Shape):
    """A tenth, then all at once for a fifth of the time, then a tenth: how soon is it over?"""

    def users(self, share: float) -> Tick:
        return self.most if 0.4 <= share < 0.6 else max(1, self.most // 10), self.most


class Soak(_Shape):
    """Half of them all the time: does anything grow?"""

    def users(self, share: float) -> Tick:
        return max(1, self.most // 2), self.most


def chosen(name: str) -> type[_Shape]:
    """`ramp`, `spike` or `soak`; the class that is to stand in the locustfile, alone."""
    shape = {"ramp": Ramp, "spike": Spike, "soak": Soak}[name]
    return type(shape.__name__, (shape,), {"abstract": False})
