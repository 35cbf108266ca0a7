"""What a fault is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from loadtests.chaos.receiver import Receiver
from loadtests.chaos.victims.victim import Servers, Victim


@dataclass(frozen=True, slots=True)
class Scene:
    """Where faults happen: the system, who is called back, and the seed's own dice."""

    victim: Victim
    receiver: Receiver
    random: Random

    @property
    def servers(self) -> Servers:
        return self.victim.servers

    def pids(self, role: str) -> list[int]:
        return self.victim.roles().get(role, [])

    def one_of(self, role: str) -> int | None:
        """The pid of one process of a kind, if any runs."""
        found = self.pids(role)
        return self.random.choice(found) if found else None

    def last(self, least: float, most: float) -> None:
        """The fault lasts, for a time between these."""
        time.sleep(self.random.uniform(least, most))


Inflict = Callable[[Scene], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`inflict` comes back when the fault is over. `target` names the figure it is judged by."""

    name: str
    inflict: Inflict
    weight: int = 2
    target: str = ""
