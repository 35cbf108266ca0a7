"""Who inflicts the faults, and looks how long the system takes to be well again."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from loadtests.chaos.faults.fault import Fault, Scene
from loadtests.chaos.receiver import Receiver
from loadtests.chaos.schedule import Strike
from loadtests.chaos.victims.victim import Victim

LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Struck:
    """A strike that has happened, in epoch seconds.

    `recovered` is when every job that had been accepted by its end was at its own; None: not within
    the patience. `target` names the figure that it is judged by.
    """

    name: str
    target: str
    begun: float
    ended: float
    recovered: float | None = None
    error: str = ""

    @property
    def recovery_seconds(self) -> float | None:
        return None if self.recovered is None else self.recovered - self.ended

    @property
    def over(self) -> float:
        return self.recovered or self.ended


class Nemesis:
    """Strikes one after the other; some while the last is not recovered from yet."""

    def __init__(
        self,
        victim: Victim,
        receiver: Receiver,
        until: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self.struck: list[Struck] = []
        self._victim = victim
        self._receiver = receiver
        self._until = until
        self._say = say

    def run(self, strikes: Iterable[Strike], patience_seconds: float) -> None:
        """Until the event is set; comes back when the last strike is recovered from, or not."""
        watching: list[threading.Thread] = []
        for strike in strikes:
            if self._until.wait(strike.pause_seconds):
                break
            struck = self._strike(strike)
            watch = threading.Thread(target=self._watch, args=(struck, patience_seconds))
            watching.append(watch)
            watch.start()
            if strike.in_peace:
                watch.join()
        for watch in watching:
            watch.join()

    def _strike(self, strike: Strike) -> Struck:
        """All of the strike's faults, at the same time."""
        errors: list[str] = []

        def inflict(fault: Fault) -> None:
            scene = Scene(self._victim, self._receiver, Random(f"{strike.seed} {fault.name}"))
            try:
                fault.inflict(scene)
            except Exception as error:  # a fault that cannot be inflicted now must not end the run
                errors.append(f"{fault.name}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=inflict, args=(fault,)) for fault in strike.faults]
        begun = time.time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        target = strike.faults[0].target if len(strike.faults) == 1 else ""
        struck = Struck(strike.name, target, begun, time.time(), error="; ".join(errors))
        self.struck.append(struck)
        return struck

    def _watch(self, struck: Struck, patience_seconds: float) -> None:
        before = datetime.fromtimestamp(struck.ended, UTC)
        while struck.recovered is None and time.time() < struck.ended + patience_seconds:
            if self._victim.unfinished(before) == 0:
                struck.recovered = time.time()
            else:
                time.sleep(LOOK_SECONDS)
        seconds = struck.recovery_seconds
        after = "NOT recovered from" if seconds is None else f"recovered after {seconds:.1f} s"
        lasted = struck.ended - struck.begun
        self._say(f"{struck.name}: lasted {lasted:.1f} s, {after} {struck.error}")
