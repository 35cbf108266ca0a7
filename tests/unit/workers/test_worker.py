import pytest

from shared.backlog.backlogs import Take
from shared.domain.names import Backlog, Priority, Stage

WINE = Backlog(Stage.PREPROCESS, "m", "1")


@pytest.fixture
def worker(new_worker):
    return new_worker(Stage.PREPROCESS)


def test_takes_follow_the_turns_of_the_priorities(worker, backlogs, monkeypatch) -> None:
    orders = []
    take = backlogs.take
    monkeypatch.setattr(backlogs, "take", lambda *given: orders.append(given[3]) or take(*given))
    for _ in range(16):
        worker.take(WINE, 1)
    assert [order[0] for order in orders].count(Priority.NORMAL) == 3
    assert [order[0] for order in orders].count(Priority.LOW) == 1


def test_what_runs_of_a_take_is_noted_before_it_runs(worker, add, journal) -> None:
    take = Take(0.0, [add(), add()])
    with worker.running(take.taken[:1], take):
        assert journal == [("running", [take.taken[0].entry.id])]


def test_a_take_that_runs_as_one_batch_was_noted_when_it_was_taken(worker, add, journal) -> None:
    take = Take(0.0, [add(), add()])
    with worker.running(take.taken, take):
        assert journal == []


def test_a_task_that_ended_well_keeps_its_name(worker) -> None:
    name = worker.consumer.name
    with worker.starting_anew_on_error():
        pass
    assert worker.consumer.name == name


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_task_that_raised_leaves_its_work_to_others(worker, error) -> None:
    name = worker.consumer.name
    with pytest.raises(error), worker.starting_anew_on_error():
        raise error
    assert worker.consumer.name != name


@pytest.mark.parametrize(("crashes", "isolated"), [(0, False), (1, True)])
def test_only_a_suspect_has_the_process_for_itself(worker, add, crashes, isolated) -> None:
    take = Take(0.0, [add(crashes=crashes)])
    with worker.running(take.taken, take):
        assert worker._isolation._alone == isolated
