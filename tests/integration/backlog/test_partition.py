"""However entries are taken, moved, given back, canceled, lost and dispatched again, a job that is
unfinished in Redis is in exactly one stream, once; all others are nowhere."""

from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.backlog.backlogs import Backlogs, Move, Taken, following
from shared.backlog.entries import Entry
from shared.domain import prediction
from shared.domain.names import RECORD, Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "wine", "1")
STAGES = (WINE, following(WINE), RECORD)

stages = st.sampled_from(STAGES)
consumers = st.sampled_from(["a", "b"])


class Walk(RuleBasedStateMachine):
    """`attempts` plays SQL: the current attempt of every unfinished job."""

    def __init__(self, backlogs: Backlogs, client: Any, new_job: Callable[..., Any]) -> None:
        super().__init__()
        client.flushall()
        self.backlogs, self.client, self.new_job = backlogs, client, new_job
        self.attempts: dict[str, int] = {}
        self.jobs: dict[str, Any] = {}
        self.hands: dict[tuple[str, Backlog], list[Taken]] = {}
        self.zombies: list[Taken] = []

    @rule(priority=st.sampled_from(Priority))
    def accept(self, priority: Priority) -> None:
        job = self.new_job(priority=priority)
        self.jobs[job.id], self.attempts[job.id] = job, 0

    @rule()
    def dispatch_missing(self) -> None:
        for job_id in self.attempts:
            if not self.client.exists(self.backlogs.keys.snapshot(job_id)):
                self.attempts[job_id] += 1
                snapshot = self.jobs[job_id].snapshot(1024) | {"attempt": self.attempts[job_id]}
                assert self.backlogs.move([Move(Entry(snapshot, b"{}"), WINE)]) == [True]

    @rule(backlog=stages, consumer=consumers, count=st.integers(1, 4))
    def take(self, backlog: Backlog, consumer: str, count: int) -> None:
        taken = self.backlogs.take(backlog, consumer, count).taken
        self.hands.setdefault((consumer, backlog), []).extend(taken)

    @rule(backlog=st.sampled_from(STAGES[:2]), consumer=consumers)
    def pass_on(self, backlog: Backlog, consumer: str) -> None:
        held = self.hands.pop((consumer, backlog), [])
        self.backlogs.move([Move(one.entry, following(backlog), one) for one in held])

    @rule(backlog=stages, consumer=consumers)
    def give_back(self, backlog: Backlog, consumer: str) -> None:
        held = self.hands.pop((consumer, backlog), [])
        self.backlogs.move([Move(one.entry, None, one) for one in held])

    @rule(consumer=consumers)
    def record(self, consumer: str) -> None:
        held = self.hands.pop((consumer, RECORD), [])
        now = [one for one in held if self.attempts.get(one.entry.id) == one.entry.attempt]
        for one in now:
            del self.attempts[one.entry.id]
        self.backlogs.finish([one.entry.job | {"terminal": True} for one in now], now)
        self.backlogs.move([Move(one.entry, None, one) for one in held if one not in now])

    @rule(consumer=consumers)
    def die_and_be_rescued(self, consumer: str) -> None:
        for backlog in STAGES:
            held = self.hands.pop((consumer, backlog), [])
            onward = RECORD if backlog is RECORD else None
            self.backlogs.move([Move(one.entry, onward, one) for one in held])
            self.zombies += held if backlog is not RECORD else []

    @rule()
    def a_zombie_wakes(self) -> None:
        for one in self.zombies:
            ended = one.entry._replace(payload=b"late")
            assert self.backlogs.move([Move(ended, RECORD, one)]) == [False]
        self.zombies.clear()

    @rule(chosen=st.randoms(use_true_random=False))
    def cancel_one(self, chosen: Any) -> None:
        if self.attempts:
            job_id = chosen.choice(sorted(self.attempts))
            del self.attempts[job_id]
            self.backlogs.finish([self.jobs[job_id].snapshot(1024) | {"terminal": True}])

    @invariant()
    def every_unfinished_job_is_in_one_place(self) -> None:
        standing = [key for key, fence in self._entries() if self._snapshot(key, fence)]
        owed = [
            self.backlogs.keys.snapshot(job_id).encode()
            for job_id, attempt in self.attempts.items()
            if self._snapshot(self.backlogs.keys.snapshot(job_id), prediction.fence(attempt))
        ]
        assert sorted(standing) == sorted(owed)

    def teardown(self) -> None:
        """Whatever happened, every job can still be brought to its end."""
        for consumer in ("a", "b"):
            self.die_and_be_rescued(consumer)
        self.dispatch_missing()
        for backlog in STAGES[:2]:
            self.take(backlog, "a", 1000)
            self.pass_on(backlog, "a")
        self.take(RECORD, "a", 1000)
        self.record("a")
        assert (self.attempts, self._entries()) == ({}, [])

    def _entries(self) -> list[tuple[bytes, bytes]]:
        streams = self.client.scan_iter(f"{self.backlogs.keys.prefix}backlog:*")
        found = [fields for stream in streams for _, fields in self.client.xrange(stream)]
        return [(fields[b"k"], fields[b"f"]) for fields in found]

    def _snapshot(self, key: str | bytes, fence: bytes) -> bool:
        return (self.client.get(key) or b"").startswith(fence)


def test_a_job_is_in_exactly_one_place(backlogs, valkey, new_job) -> None:
    run_state_machine_as_test(
        lambda: Walk(backlogs, valkey, new_job),
        settings=hypothesis.settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
