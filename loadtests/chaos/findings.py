"""What became of all that was asked, in the terms of Jepsen's set checker, and some of our own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose

import orjson

from loadtests.chaos.counted_models import Execution
from loadtests.chaos.load import Sent
from loadtests.chaos.receiver import Receiver
from loadtests.chaos.victims.victim import Row


@dataclass(slots=True)
class Findings:
    """Counts of jobs; `notes` tell of the first of each kind of trouble.

    `lost` were acknowledged and never ended, or nobody knows them. `recovered` were never
    acknowledged and are there all the same, `unended` are those of them without an end. Nobody
    asked for the `unexpected`. `twice` were executed more than once, at any
    stage. `double` have more than one
    end, or were shown two. `wrong` have another output than the model gives, or an end that nothing
    explains. `unannounced` wanted a webhook and have none. `contradictions` are of the partition.
    """

    attempts: int = 0
    acknowledged: int = 0
    ok: int = 0
    lost: int = 0
    recovered: int = 0
    unended: int = 0
    unexpected: int = 0
    twice: int = 0
    predicted_twice: int = 0
    double: int = 0
    wrong: int = 0
    unannounced: int = 0
    announced: int = 0
    announced_again: int = 0
    fenced: int = 0
    contradictions: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    caches: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def broken(self) -> int:
        """How often a promise was broken."""
        forgotten = self.unannounced + self.contradictions
        return self.lost + self.unended + self.unexpected + self.double + self.wrong + forgotten

    def note(self, kind: str, what: object) -> None:
        if sum(one.startswith(kind) for one in self.notes) < 5:
            self.notes.append(f"{kind}: {what}")


def examine(
    sent: Sequence[Sent],
    rows: Sequence[Row],
    seen: Mapping[str, set[tuple[str, float | None]]],
    executions: Sequence[Execution],
) -> Findings:
    """Compares what was sent with what is stored, what was shown, and what was executed."""
    found = Findings(attempts=len(sent))
    by_id = {row.id: row for row in rows}
    acknowledged = {one.job_id: one for one in sent if one.job_id}
    found.acknowledged = sum(one.job_id is not None for one in sent)
    for job_id, one in acknowledged.items():
        row = by_id.get(job_id)
        if row is None or row.status is None:
            found.lost += 1
            found.note("lost", f"{job_id}, {row or 'no row'}, order {one.order}")
    found.ok = found.acknowledged - found.lost
    _compare_rows(found, rows, sent, acknowledged)
    for row in rows:
        _examine_row(found, row, seen.get(row.id, set()), acknowledged.get(row.id))
    again = executed_again(rows, executions)
    found.twice = len({one.number for one in again})
    found.predicted_twice = len({one.number for one in again if one.stage == "predict"})
    found.ends = dict(Counter(_end(row) for row in rows))
    found.caches = dict(Counter(row.cache for row in rows))
    return found


def _compare_rows(
    found: Findings, rows: Sequence[Row], sent: Sequence[Sent], acknowledged: Mapping[str, Sent]
) -> None:
    """Rows that no order explains, and rows that were stored without an answer to say so."""
    expected = Counter(one.order.number for one in sent)
    for number, count in Counter(row.number for row in rows).items():
        if count > expected[number]:
            found.unexpected += count - expected[number]
            found.note("unexpected", f"{count} jobs for {expected[number]} orders of {number}")
    for row in rows:
        if row.id not in acknowledged:
            found.recovered += 1
            found.unended += row.status is None


def _examine_row(
    found: Findings, row: Row, seen: set[tuple[str, float | None]], sent: Sent | None
) -> None:
    if row.status is None:
        return
    stored = orjson.loads(row.output) if row.output else None
    y = stored["y"] if stored else None
    shown = {status for status, _ in seen} | {row.status}
    values = {value for _, value in seen if value is not None} | ({y} if stored else set())
    if row.ends != 1 or len(shown) > 1 or len(values) > 1:
        found.double += 1
        found.note("double", f"{row.id}: {row.ends} ends, stored {row.status}, shown {seen}")
    if trouble := _wrong(row, stored, sent):
        found.wrong += 1
        found.note("wrong", f"{row.id}: {trouble}")


def _wrong(row: Row, stored: dict[str, object] | None, sent: Sent | None) -> str:
    order = sent.order if sent else None
    if row.status == "succeeded" and stored is not None:
        y, padding = (
            order.expected if order else (3.0 * row.number + 1, len(str(stored["padding"])))
        )
        right = isclose(float(str(stored["y"])), y, abs_tol=1e-3)
        return "" if right and len(str(stored["padding"])) == padding else f"output {stored}"[:200]
    if row.status == "canceled" and (order is None or order.cancel_after is not None):
        return ""
    late = row.error_code == "deadline_exceeded"
    if late and (order is None or order.deadline_seconds is not None):
        return ""
    return f"ended as {_end(row)}"


def executed_again(rows: Sequence[Row], executions: Sequence[Execution]) -> list[Execution]:
    """Executions beyond the first that each stage owes to each job.

    Jobs of one number have run once each, but for those that were given a result.
    """
    owed = Counter(row.number for row in rows if row.cache == "miss")
    ran: Counter[tuple[str, int]] = Counter()
    again = []
    for one in executions:
        ran[one.stage, one.number] += 1
        if ran[one.stage, one.number] > owed[one.number]:
            again.append(one)
    return again


def _end(row: Row) -> str:
    return f"failed: {row.error_code}" if row.status == "failed" else str(row.status)


def examine_webhooks(
    found: Findings, sent: Sequence[Sent], states: Mapping[str, str], receiver: Receiver
) -> None:
    """Whoever wanted to be told was, or will be: the next attempt is on record."""
    for one in sent:
        if not one.order.webhook or one.job_id is None or not states:
            continue
        state = states.get(one.job_id)
        told = one.job_id in receiver.jobs
        if (state == "delivered" and told) or state == "pending":
            found.announced += told
        else:
            found.unannounced += 1
            found.note("unannounced", f"{one.job_id}: {state}, received: {told}")
    found.announced_again = sum(times - 1 for times in receiver.received.values())
