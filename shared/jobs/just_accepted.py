"""Jobs that were accepted here a moment ago, and of whose end nothing has been told yet."""

from collections.abc import Iterable

from shared.domain.prediction import Snapshot

MOST = 500
INPUT_MAX_BYTES = 4096
"""Kept are so many at most, and none with a larger input: some megabytes in all."""


class JustAccepted:
    """Who asks to wait for the end of one need not ask Redis first whether it has ended.

    As good as what is told: to be cleared when that may have been interrupted. Used on the event
    loop only.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Snapshot | None] = {}

    def expect(self, job_id: str) -> None:
        """Ahead of its commit: its end may be told before it is known to be accepted."""
        if len(self._jobs) >= MOST:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job_id] = None

    def note(self, job_id: str, accepted: Snapshot) -> None:
        """What became of one that was expected: it, as it stands, or an earlier one."""
        is_it = accepted["id"] == job_id and not accepted["terminal"]
        if not is_it or accepted["input_bytes"] > INPUT_MAX_BYTES:
            self._jobs.pop(job_id, None)
        elif job_id in self._jobs:
            self._jobs[job_id] = accepted

    def find(self, tenant: str, job_id: str) -> Snapshot | None:
        found = self._jobs.get(job_id)
        return found if found is not None and found["tenant"] == tenant else None

    def forget(self, ended: Iterable[str]) -> None:
        for job_id in ended:
            self._jobs.pop(job_id, None)

    def clear(self) -> None:
        self._jobs.clear()
