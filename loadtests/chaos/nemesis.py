"""Who inflicts the faults, and looks how long the system takes to be well again."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from loadtests.bench.processes import age_seconds
from loadtests.chaos.faults.fault import Fault, Scene
from loadtests.chaos.receiver import Receiver
from loadtests.chaos.schedule import Strike
from loadtests.chaos.victims.victim import Victim

LOOK_SECONDS = 0.1

STARTED_SECONDS = 5.0
"""A younger process may still be at its imports, and take the others' time."""

BACKLOG_SECONDS = 1.0
"""A job that has not ended by this age stands in a line."""


@dataclass(slots=True)
class Struck:
    """A strike that has happened, in epoch seconds.

    `recovered` is when every job that had been accepted by its end was at its own; None: not within
    the patience. `settled` is when, after that, nothing of it could be felt any more: all processes
    had started, and no job waited for others. `target` names the figure that it is judged by.
    """

    name: str
    target: str
    begun: float
    ended: float
    recovered: float | None = None
    error: str = ""
    settled: float | None = None

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
        self._roles = self._victim.roles().keys()
        for strike in strikes:
            if self._until.wait(strike.pause_seconds):
                break
            struck = self._strike(strike)
            recovered = threading.Event()
            asked = (struck, patience_seconds, recovered)
            watch = threading.Thread(target=self._watch, args=asked)
            watching.append(watch)
            watch.start()
            if strike.in_peace:
                recovered.wait()
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

    def _watch(self, struck: Struck, patience_seconds: float, recovered: threading.Event) -> None:
        patient_until = struck.ended + patience_seconds
        accepted_by = datetime.fromtimestamp(struck.ended, UTC)
        try:
            struck.recovered = _when(
                lambda: self._victim.unfinished(accepted_by) == 0, patient_until
            )
        finally:
            recovered.set()
        seconds = struck.recovery_seconds
        after = "NOT recovered from" if seconds is None else f"recovered after {seconds:.1f} s"
        lasted = struck.ended - struck.begun
        self._say(f"{struck.name}: lasted {lasted:.1f} s, {after} {struck.error}")
        struck.settled = _when(self._is_settled, patient_until)

    def _is_settled(self) -> bool:
        roles = self._victim.roles()
        ages = [age_seconds(pid) for pids in roles.values() for pid in pids]
        has_started = roles.keys() >= self._roles and min(ages, default=0.0) >= STARTED_SECONDS
        earlier = datetime.now(UTC) - timedelta(seconds=BACKLOG_SECONDS)
        return has_started and self._victim.unfinished(earlier) == 0


def _when(condition: Callable[[], bool], until: float) -> float | None:
    """The epoch seconds at which it came true; None if it did not before `until`."""
    while time.time() < until:
        if condition():
            return time.time()
        time.sleep(LOOK_SECONDS)
    return None
