import signal
import threading
import time

import pytest

from shared.backlog.backlogs import Move, Taken
from shared.domain.names import RECORD, Backlog, Priority, Stage
from workers.entry_moves import put_back
from workers.memory_limit import EXIT_STATUS, MemoryLimit

WINE = Backlog(Stage.PREPROCESS, "m", "1")
OTHER = Backlog(Stage.PREPROCESS, "other", "1")
IN_20_MS = 2.02  # what waits has come two seconds ago


@pytest.fixture
def worker(new_worker):
    return new_worker(Stage.PREPROCESS)


def test_each_backlog_has_turns_of_its_own(worker, backlogs, add, new_job, monkeypatch) -> None:
    orders: dict[Backlog, list[Priority]] = {WINE: [], OTHER: []}
    take = backlogs.take

    def noted(backlog, *given, **options):
        orders[backlog].append(given[-1][0])
        return take(backlog, *given, **options)

    monkeypatch.setattr(backlogs, "take", noted)
    for backlog in (WINE, OTHER) * 4:
        add(job=new_job(model="m", priority=Priority.HIGH))
        worker.take(backlog, 1)
    expected = [Priority.HIGH] * 3 + [Priority.NORMAL]
    assert orders == {WINE: expected, OTHER: expected}


def test_without_a_delay_an_idle_worker_starts_at_once(worker, add, journal) -> None:
    one = add()
    assert worker.take(WINE, 8).taken == [one]
    assert journal == []


def test_a_take_waits_until_its_oldest_is_that_old(worker, add, journal) -> None:
    add()
    begun = time.monotonic()
    worker.take(WINE, 8, IN_20_MS)
    assert time.monotonic() - begun >= 0.015
    assert journal == [("hushed", pytest.approx(0.02))]


def test_what_came_meanwhile_joins_it(worker, add, backlogs) -> None:
    one = add()
    backlogs.coming, backlogs.waiting = [add(), add(), add()], [one]
    take = worker.take(WINE, 3, IN_20_MS)
    assert take.taken[0] is one
    assert (take.rows, len(backlogs.waiting)) == (3, 1)


def test_who_has_waited_long_enough_waits_no_more(worker, add, journal) -> None:
    add()
    worker.take(WINE, 8, 1.9)
    assert journal == []


@pytest.mark.parametrize("entry", [{"crashes": 1}, {"rows": 8}])
def test_neither_a_full_take_nor_a_suspect_waits(worker, add, journal, entry) -> None:
    add(**entry)
    worker.take(WINE, 8, 60.0)
    assert journal == []


def test_a_worker_that_stops_does_not_wait(worker, add) -> None:
    one = add()
    worker.stopping = True
    assert worker.take(WINE, 8, 60.0).taken == [one]


def test_a_worker_that_is_told_to_stop_while_it_waits_goes_on_at_once(worker, add) -> None:
    one = add()
    told = threading.Timer(0.05, lambda: setattr(worker, "stopping", True))
    told.start()
    assert worker.take(WINE, 8, 60.0).taken == [one]
    told.join()


def test_what_runs_of_a_take_is_noted_before_it_runs(worker, add, journal) -> None:
    add(), add()
    take = worker.take(WINE, 8)
    with worker.running(take.taken[:1], take):
        assert journal == [("running", [take.taken[0].entry.id])]


def test_a_take_that_runs_as_one_batch_was_noted_when_it_was_taken(worker, add, journal) -> None:
    add(), add()
    take = worker.take(WINE, 8)
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
    add(crashes=crashes)
    take = worker.take(WINE, 8)
    with worker.running(take.taken, take):
        assert worker._isolation._alone == isolated


@pytest.fixture
def stored(worker, add):
    """A move of a job whose payload stands in the blob store."""

    def make(kind: str, destination: Backlog | None) -> Move:
        one = add()
        reference = worker.blobs.put(f"{kind}/{one.entry.id}.1", b"data", synced=False)
        return Move(one.entry._replace(payload_ref=reference), destination, one)

    return make


def test_what_was_stored_for_nobody_is_deleted(worker, stored, backlogs, monkeypatch) -> None:
    owed, canceled = stored("tensors", WINE), stored("outputs", RECORD)
    monkeypatch.setattr(backlogs, "move", lambda moves: [move is owed for move in moves])
    worker.pass_on([owed, canceled])
    assert worker.blobs.holds(owed.entry.payload_ref)
    assert not worker.blobs.holds(canceled.entry.payload_ref)


def test_the_input_of_a_job_that_is_given_back_stays(worker, stored, backlogs, monkeypatch) -> None:
    back = stored("inputs", None)
    monkeypatch.setattr(backlogs, "move", lambda moves: [False])
    worker.pass_on([back])
    assert worker.blobs.holds(back.entry.payload_ref)


def test_the_input_of_a_job_that_began_anew_outlives_a_worker_that_puts_it_back(
    worker, stored, backlogs, monkeypatch
) -> None:
    entry = stored("inputs", WINE).entry
    taken = Taken(entry, "stream", b"1-0")
    monkeypatch.setattr(backlogs, "move", lambda moves: [False])
    worker.pass_on([put_back(taken, Stage.PREPROCESS)])
    assert worker.blobs.holds(entry.payload_ref)


def test_with_several_threads_nothing_counts_as_running_before_it_runs(
    new_worker, settings, add, journal
) -> None:
    """Who waits until a suspect has run alone must not be blamed for what that one does."""
    several = new_worker(Stage.PREDICT, settings=settings.model_copy(update={"predict_threads": 2}))
    one = add()
    take = several.take(WINE, 8)
    assert [word for word, _ in journal] == ["took without a note"]
    with several.running([one], take):
        assert journal[1:] == [("running", [one.entry.id])]


def test_nothing_runs_beside_a_suspect(new_worker, settings, add) -> None:
    several = new_worker(Stage.PREDICT, settings=settings.model_copy(update={"predict_threads": 2}))
    suspect, one = add(crashes=1), add()
    take, began = several.take(WINE, 8), threading.Event()

    def run_beside() -> None:
        with several.running([one], take):
            began.set()

    thread = threading.Thread(target=run_beside)
    with several.running([suspect], take):
        thread.start()
        assert not began.wait(0.1)
    assert began.wait(10)
    thread.join()


def test_a_worker_that_has_grown_too_large_asks_itself_to_stop(worker, monkeypatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("workers.worker.os.kill", lambda _pid, number: asked.append(number))
    worker.make_room()
    assert (asked, worker.exit_status) == ([], 0)
    worker.memory = MemoryLimit(1)
    worker.make_room()
    assert (asked, worker.exit_status) == ([signal.SIGTERM], EXIT_STATUS)
