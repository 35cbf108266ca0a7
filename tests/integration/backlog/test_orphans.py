import os
from io import BytesIO
from types import SimpleNamespace

import pytest

from shared.clock import SystemClock
from shared.db.engine import create_database_engine, writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.errors import Unavailable
from shared.files.files import Files
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import new_input, new_output, new_tensors, of_file
from workers.orphans import PASS_SECONDS, TENSORS_SECONDS, Orphans

DAY = 86400


@pytest.fixture
def blobs(settings) -> DirectoryBlobs:
    return DirectoryBlobs(settings.blobs_dir)


@pytest.fixture
def new_orphans(settings, engine, blobs, clock):
    def make(**changes) -> Orphans:
        parts = {"engine": engine, "blobs": blobs, "clock": clock, "settings": settings}
        return Orphans(SimpleNamespace(**(parts | changes)))

    return make


@pytest.fixture
def put(blobs, clock, settings):
    """Stores a blob that is so many seconds old."""

    def store(reference: str, age_seconds: float) -> str:
        blobs.put(reference, b"data", synced=False)
        written_at = clock.now().timestamp() - age_seconds
        os.utime(settings.blobs_dir / reference, (written_at, written_at))
        return reference

    return store


@pytest.fixture
def end(engine, clock):
    def run(job, outcome: Outcome) -> None:
        with writing(engine) as connection:
            lifecycle.finish(connection, [End(job.id, None, outcome)], clock.now())

    return run


def test_tensors_go_once_nobody_waits_for_them(new_orphans, accept, put, end, blobs) -> None:
    running, canceled = accept(), accept()
    end(canceled, Outcome(State.CANCELED))
    wanted, orphan = (put(new_tensors(job.id, 1), 9 * DAY) for job in (running, canceled))
    young = put(new_tensors(canceled.id, 2), TENSORS_SECONDS - 1)
    new_orphans().run()
    assert [blobs.holds(one) for one in (wanted, orphan, young)] == [True, False, True]


def test_inputs_and_outputs_go_after_a_day_without_a_row(new_orphans, accept, put, blobs) -> None:
    job = accept()
    on_its_way = put(new_output(job.id, 1), 9 * DAY)
    orphans = [put(new_input(), DAY), put(new_output(job.id, 7), DAY)]
    young = [put(new_input(), DAY - 1), put(new_output(job.id, 7), DAY - 1)]
    new_orphans().run()
    assert [blobs.holds(one) for one in (on_its_way, *orphans, *young)] == [
        True, False, False, True, True,
    ]  # fmt: skip


def test_a_recorded_output_stays(new_orphans, accept, put, end, blobs) -> None:
    job = accept()
    recorded = put(new_output(job.id, 1), 9 * DAY)
    end(job, Outcome(State.SUCCEEDED, output_ref=recorded))
    new_orphans().run()
    assert blobs.holds(recorded)


def test_it_goes_slice_by_slice_and_then_rests(new_orphans, settings, put, blobs, clock) -> None:
    orphans = new_orphans(settings=settings.model_copy(update={"sweep_slice": 2}))
    for _ in range(5):
        put(new_input(), DAY)
    left = []
    for _ in range(3):
        orphans.run()
        left.append(len(list(settings.blobs_dir.glob("inputs/*"))))
    assert left == [3, 1, 0]
    late = put(new_input(), DAY)
    orphans.run()
    assert blobs.holds(late)
    clock.advance(PASS_SECONDS)
    orphans.run()
    assert not blobs.holds(late)


class Away(DirectoryBlobs):
    away = True

    def listed(self, kind):
        if self.away:
            raise OSError("away")
        return super().listed(kind)


def test_a_store_that_is_away_is_asked_again_later(new_orphans, settings, put, clock) -> None:
    store = Away(settings.blobs_dir)
    orphans, orphan = new_orphans(blobs=store), put(new_input(), DAY)
    orphans.run()
    store.away = False
    clock.advance(PASS_SECONDS)
    orphans.run()
    assert not store.holds(orphan)


def test_nothing_is_deleted_while_sql_is_away(new_orphans, put, blobs) -> None:
    orphan = put(new_input(), 9 * DAY)
    with pytest.raises(Unavailable):
        new_orphans(engine=create_database_engine("sqlite:////nowhere/at/all.db")).run()
    assert blobs.holds(orphan)


def test_what_was_written_just_now_is_left_alone(new_orphans, blobs) -> None:
    mine = blobs.put(new_input(), b"data", synced=True)
    new_orphans(clock=SystemClock()).run()
    assert blobs.holds(mine)


def test_the_content_of_a_file_goes_with_its_row(new_orphans, engine, clock, settings, put, blobs):
    files = Files(engine, blobs, clock, settings)
    mine = of_file(files.keep("default", BytesIO(b"data"), "a", "b/c", {}).id)
    put(mine, 9 * DAY)
    cut_off = put(of_file(new_job_id()), DAY)
    new_orphans().run()
    assert [blobs.holds(one) for one in (mine, cut_off)] == [True, False]
