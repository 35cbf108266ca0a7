"""What becomes of each job of a group: it leads, joins one of the same input, or has its result.

Pure: Redis has proposed (`Answer`), SQL has said which of the proposed may still lead (`Leader`).
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import orjson

from shared.domain.outcome import Outcome
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.jobs.joiners import Leader
from shared.jobs.new_job import NewJob
from shared.result_cache.results import Answer, Question


@dataclass(slots=True)
class Plan:
    """`hits` come with the output of an earlier job; a large one is shared, not copied.

    `undecided` wait for a proposed leader that SQL does not know yet: it may be committing. `late`
    were to join a leader of their own group that was not new after all.
    """

    leads: list[NewJob] = field(default_factory=list)
    late: list[NewJob] = field(default_factory=list)
    joins: list[tuple[NewJob, str]] = field(default_factory=list)
    hits: list[tuple[NewJob, Outcome]] = field(default_factory=list)
    undecided: list[NewJob] = field(default_factory=list)

    def withdraw(self, leaders: AbstractSet[str]) -> None:
        """Lets those run whose leader is not among `leaders`."""
        self.late += [job for job, leader in self.joins if leader not in leaders]
        self.joins = [(job, leader) for job, leader in self.joins if leader in leaders]


def questions(jobs: Iterable[NewJob], *, reuse: bool = True) -> list[Question]:
    """What to ask Redis: of equal inputs only the first, the others see what became of it.

    With `reuse` False it is only told that these jobs lead, whoever was noted before.
    """
    asked: dict[str, Question] = {}
    for job in jobs:
        if job.keeps_result:
            question = Question(job.id, job.model, job.input_hash, reuse and job.reuses)
            asked.setdefault(job.input_hash, question)
    return list(asked.values())


def decide(
    jobs: Sequence[NewJob],
    answers: Mapping[str, Answer],
    leaders: Mapping[str, Leader | None],
    patient: frozenset[str] = frozenset(),
) -> Plan:
    """`answers` by asking job, `leaders` by id; who is `patient` may still wait for a leader."""
    plan = Plan()
    by_input = {job.input_hash: answers[job.id] for job in jobs if job.id in answers}
    leading: dict[str, Leader] = {}
    for job in jobs:
        answer = by_input.get(job.input_hash) if job.reuses else None
        neighbour = leading.get(job.input_hash) if job.reuses else None
        if answer and answer.result:
            plan.hits.append((job, _outcome(answer.result)))
        elif leader := _leader(job, neighbour, answer, leaders):
            if leader.outcome is not None:
                plan.hits.append((job, leader.outcome))
            else:
                plan.joins.append((job, leader.id))
        elif answer and answer.job_id not in leaders and job.id in patient:
            plan.undecided.append(job)
        else:
            plan.leads.append(job)
            if job.keeps_result:
                own = Leader(job.id, job.tenant, job.input_hash, job.priority)
                leading.setdefault(job.input_hash, own)
    return plan


def _outcome(result: Snapshot) -> Outcome:
    """Of a job that has succeeded."""
    if "output_ref" in result:
        return Outcome(State.SUCCEEDED, output_ref=result["output_ref"])
    return Outcome(State.SUCCEEDED, output=orjson.dumps(result["output"]))


def _leader(
    job: NewJob,
    neighbour: Leader | None,
    answer: Answer | None,
    leaders: Mapping[str, Leader | None],
) -> Leader | None:
    """The job of the same group, or the one that Redis proposed, if it may lead this one."""
    proposed = leaders.get(answer.job_id) if answer else None
    for leader in (neighbour, proposed):
        if leader and leader.may_lead(job.tenant, job.input_hash, job.priority):
            return leader
    return None
