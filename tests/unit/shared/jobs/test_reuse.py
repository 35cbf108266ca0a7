import pytest

from shared.domain.ids import new_job_id
from shared.domain.names import Priority
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import reuse
from shared.jobs.joiners import Leader
from shared.result_cache.results import Answer, Question

OTHER_INPUT = "o" * 64
HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW


@pytest.fixture
def job(new_job):
    """Makes jobs that may reuse and be reused, unless asked otherwise."""
    return lambda **changes: new_job(**({"reuses": True, "keeps_result": True} | changes))


def leading(job, outcome=None) -> Leader:
    return Leader(job.id, job.tenant, job.input_hash, job.priority, outcome)


def succeeded(output=None) -> Outcome:
    return Outcome(State.SUCCEEDED, output)


def fates(plan: reuse.Plan) -> dict[str, list[str]]:
    """The ids under each fate that befell somebody."""
    found = {
        "leads": [job.id for job in plan.leads],
        "late": [job.id for job in plan.late],
        "joins": [job.id for job, _ in plan.joins],
        "hits": [job.id for job, _ in plan.hits],
        "undecided": [job.id for job in plan.undecided],
    }
    return {fate: ids for fate, ids in found.items() if ids}


def test_who_is_alone_leads(job) -> None:
    one = job()
    assert fates(reuse.decide([one], {}, {})) == {"leads": [one.id]}


def test_a_known_result_is_a_hit_for_all_who_ask(job) -> None:
    one, other = job(), job()
    answer = Answer("x", {"output": {"label": "barolo", "p": 0.1}})
    plan = reuse.decide([one, other], {one.id: answer}, {})
    outcome = succeeded(b'{"label":"barolo","p":0.1}')
    assert plan.hits == [(one, outcome), (other, outcome)]


def test_an_output_that_is_null_is_a_hit_too(job) -> None:
    one = job()
    plan = reuse.decide([one], {one.id: Answer("x", {"output": None})}, {})
    assert plan.hits == [(one, succeeded(b"null"))]


def test_of_a_large_output_a_hit_has_the_reference(job) -> None:
    one = job()
    plan = reuse.decide([one], {one.id: Answer("x", {"output": None, "output_ref": "r"})}, {})
    assert plan.hits == [(one, Outcome(State.SUCCEEDED, output_ref="r"))]


def test_a_proposed_leader_is_joined(job) -> None:
    leader, one, other = job(), job(), job()
    answers = {one.id: Answer(leader.id, None)}
    plan = reuse.decide([one, other], answers, {leader.id: leading(leader)})
    assert plan.joins == [(one, leader.id), (other, leader.id)]
    assert fates(plan) == {"joins": [one.id, other.id]}


def test_a_neighbour_is_joined(job) -> None:
    first, stranger, second = job(), job(input_hash=OTHER_INPUT), job()
    plan = reuse.decide([first, stranger, second], {}, {})
    assert plan.leads == [first, stranger]
    assert plan.joins == [(second, first.id)]


def test_what_a_leader_has_just_answered_is_a_hit(job) -> None:
    leader, one = job(), job()
    leaders = {leader.id: leading(leader, succeeded(b"7"))}
    plan = reuse.decide([one], {one.id: Answer(leader.id, None)}, leaders)
    assert plan.hits == [(one, succeeded(b"7"))]


@pytest.mark.parametrize(
    "changes", [{"tenant": "other"}, {"input_hash": OTHER_INPUT}, {"priority": LOW}]
)
def test_a_leader_of_another_kind_is_not_joined(job, changes) -> None:
    leader, one = job(**changes), job()
    plan = reuse.decide([one], {one.id: Answer(leader.id, None)}, {leader.id: leading(leader)})
    assert fates(plan) == {"leads": [one.id]}


@pytest.mark.parametrize(
    ("leads", "asks", "joins"),
    [
        (HIGH, HIGH, True), (HIGH, NORMAL, True), (HIGH, LOW, True),
        (NORMAL, HIGH, False), (NORMAL, NORMAL, True), (NORMAL, LOW, True),
        (LOW, HIGH, False), (LOW, NORMAL, False), (LOW, LOW, True),
    ],
)  # fmt: skip
def test_nobody_waits_for_a_job_that_runs_later(job, leads, asks, joins) -> None:
    leader, one = job(priority=leads), job(priority=asks)
    assert leading(leader).may_lead(one.tenant, one.input_hash, one.priority) == joins
    assert fates(reuse.decide([leader, one], {}, {})).get("joins", []) == [one.id] * joins


def test_a_job_that_sql_does_not_let_lead_is_not_joined(job) -> None:
    """A suspect, one that has ended without an answer, one that has joined another itself."""
    one = job()
    answers = {one.id: Answer("x", None)}
    plan = reuse.decide([one], answers, {"x": None}, frozenset({one.id}))
    assert fates(plan) == {"leads": [one.id]}


def test_a_leader_that_sql_does_not_know_yet_is_awaited_while_patient(job) -> None:
    one = job()
    answers = {one.id: Answer(new_job_id(), None)}
    assert fates(reuse.decide([one], answers, {}, frozenset({one.id}))) == {"undecided": [one.id]}
    assert fates(reuse.decide([one], answers, {})) == {"leads": [one.id]}


def test_who_ran_out_of_patience_leads_the_patient(job) -> None:
    first, second = job(), job()
    answers = {first.id: Answer(new_job_id(), None)}
    plan = reuse.decide([first, second], answers, {}, frozenset({second.id}))
    assert (plan.leads, plan.joins) == ([first], [(second, first.id)])


def test_who_asks_for_a_run_of_its_own_leads_and_is_joined(job) -> None:
    own, other = job(reuses=False), job()
    answers = {own.id: Answer("x", {"output": 1})}  # an answer that it did not ask for
    assert fates(reuse.decide([own], answers, {})) == {"leads": [own.id]}
    assert reuse.decide([own, other], {}, {}).joins == [(other, own.id)]


def test_who_leaves_nothing_behind_neither_joins_nor_is_joined(job) -> None:
    secret, other, last = job(reuses=False, keeps_result=False), job(), job()
    plan = reuse.decide([secret, other, last], {}, {})
    assert (plan.leads, plan.joins) == ([secret, other], [(last, other.id)])


def test_who_joined_nobody_new_runs(job) -> None:
    leader, neighbour, one, other = job(), job(), job(), job()
    plan = reuse.Plan(joins=[(one, leader.id), (other, neighbour.id)])
    plan.withdraw({leader.id})
    assert fates(plan) == {"joins": [one.id], "late": [other.id]}


def test_of_equal_inputs_only_the_first_is_asked_for(job) -> None:
    first, stranger, second = job(), job(input_hash=OTHER_INPUT), job()
    assert reuse.questions([first, stranger, second]) == [
        Question(first.id, "wine", first.input_hash),
        Question(stranger.id, "wine", OTHER_INPUT),
    ]


def test_who_leaves_nothing_behind_is_not_asked_for(job) -> None:
    assert reuse.questions([job(reuses=False, keeps_result=False)]) == []


def test_who_runs_of_its_own_is_told_and_takes_no_answer(job) -> None:
    (told,) = reuse.questions([job(reuses=False)])
    (also_told,) = reuse.questions([job()], reuse=False)
    assert (told.reuse, also_told.reuse) == (False, False)
