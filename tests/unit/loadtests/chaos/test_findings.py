"""Each broken promise is seen, and nothing else is taken for one."""

import pytest

from loadtests.chaos.counted_models import Execution
from loadtests.chaos.findings import examine, examine_webhooks, executed_again
from loadtests.chaos.receiver import Receiver

ONCE = [Execution(stage, 1, 0.0) for stage in ("preprocess", "predict")]


def test_what_went_well_is_no_trouble(sent, row) -> None:
    found = examine([sent(1)], [row(1)], {"1": {("succeeded", 4.0)}}, ONCE)
    assert (found.attempts, found.acknowledged, found.ok) == (1, 1, 1)
    assert (found.broken, found.twice, found.recovered, found.notes) == (0, 0, 0, [])


@pytest.mark.parametrize("rows", [[], [{"status": None, "completed_at": None, "ends": 0}]])
def test_acknowledged_and_never_ended_is_lost(sent, row, rows) -> None:
    found = examine([sent(1)], [row(1, **changes) for changes in rows], {}, [])
    assert (found.lost, found.ok, found.broken) == (1, 0, 1)


def test_a_job_without_an_acknowledgement_is_recovered(sent, row) -> None:
    found = examine([sent(1, acknowledged=False)], [row(1)], {}, [])
    assert (found.recovered, found.broken) == (1, 0)


def test_it_is_to_end_all_the_same(sent, row) -> None:
    found = examine([sent(1, acknowledged=False)], [row(1, status=None)], {}, [])
    assert (found.unended, found.broken) == (1, 1)


def test_two_jobs_of_one_order_are_unexpected(sent, row) -> None:
    found = examine([sent(1)], [row(1), row(1, id="another")], {}, [])
    assert found.unexpected == 1


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"ends": 2}, set()),
        ({}, {("failed", None)}),
        ({}, {("succeeded", 4.0), ("succeeded", 5.0)}),
    ],
)
def test_two_ends_are_double(sent, row, changes, shown) -> None:
    assert examine([sent(1)], [row(1, **changes)], {"1": shown}, []).double == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"output": b'{"y":5.0,"padding":""}'},
        {"output": b'{"y":4.0,"padding":"x"}'},
        {"status": "failed", "output": None, "error_code": "worker_lost"},
        {"status": "canceled", "output": None},
        {"status": "failed", "output": None, "error_code": "deadline_exceeded"},
    ],
)
def test_an_end_that_was_not_asked_for_is_wrong(sent, row, changes) -> None:
    assert examine([sent(1)], [row(1, **changes)], {}, []).wrong == 1


@pytest.mark.parametrize(
    ("order", "changes"),
    [
        ({"cancel_after": 0.1}, {"status": "canceled", "output": None}),
        (
            {"deadline_seconds": 0.1},
            {"status": "failed", "output": None, "error_code": "deadline_exceeded"},
        ),
    ],
)
def test_an_end_that_was_asked_for_is_right(sent, row, order, changes) -> None:
    assert examine([sent(1, **order)], [row(1, **changes)], {}, []).wrong == 0


def test_executions_beyond_the_jobs_that_had_to_run_are_counted(sent, row) -> None:
    rows = [row(1), row(1, id="hit", cache="hit"), row(2)]
    ran = [*ONCE, *(Execution("preprocess", 2, float(at)) for at in range(3))]
    found = examine([sent(1), sent(1), sent(2)], rows, {}, ran)
    assert (found.twice, found.predicted_twice) == (1, 0)
    assert [one.at for one in executed_again(rows, ran)] == [1.0, 2.0]


@pytest.mark.parametrize(("states", "forgotten"), [({"1": "pending"}, 0), ({"2": "pending"}, 1)])
def test_a_webhook_without_a_delivery_is_forgotten(sent, row, states, forgotten) -> None:
    found = examine([sent(1, webhook=True)], [row(1)], {}, [])
    examine_webhooks(found, [sent(1, webhook=True)], states, Receiver(lambda *_: None))
    assert found.unannounced == forgotten
