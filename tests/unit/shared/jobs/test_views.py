from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db.engine import reading, writing
from shared.domain import prediction
from shared.domain.outcome import Outcome
from shared.domain.states import TERMINAL
from shared.jobs import lifecycle, store, views
from shared.jobs.lifecycle import End

ECHO = 1024
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
seconds = st.none() | st.floats(0, 1e6)
outcomes = st.builds(
    Outcome,
    state=st.sampled_from(sorted(TERMINAL)),
    output=st.none() | st.builds(orjson.dumps, st.lists(texts)),
    output_ref=st.none() | st.just("outputs/x"),
    error=st.none() | texts,
    error_code=st.none() | st.just("prediction_failed"),
    queue_time=seconds,
    preprocess_time=seconds,
    predict_time=seconds,
    batch_size=st.none() | st.integers(1, 256),
    started_at=st.none() | st.floats(1e9, 2e9),
)


@pytest.fixture
def row(engine):
    def read(job_id: str):
        with reading(engine) as connection:
            return store.read_many(connection, [job_id])[0]

    return read


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcomes, st.timedeltas(timedelta(0), timedelta(days=9)), st.none() | st.just(b'{"a":[1]}'))
def test_what_redis_shows_is_what_sql_shows(
    stored, engine, clock, row, outcome, took, metadata
) -> None:
    job, completed = stored(metadata=metadata), clock.now() + took
    shown = views.finished(job.snapshot(ECHO), outcome, completed)
    with writing(engine) as connection:
        lifecycle.finish(connection, [End(job.id, 1, outcome)], completed)
    from_sql = views.from_row(row(job.id), ECHO)
    assert prediction.encode(shown) == prediction.encode(from_sql)


@pytest.mark.parametrize("echo", [ECHO, 3])
def test_a_new_job_looks_the_same_from_its_row(stored, row, clock, echo) -> None:
    job = stored(deadline_at=clock.now(), metadata=b'{"k":"v"}')
    assert prediction.encode(views.from_row(row(job.id), echo)) == prediction.encode(
        job.snapshot(echo)
    )


def test_an_output_is_passed_on_as_it_is(snapshot, clock) -> None:
    outcome = Outcome(next(iter(TERMINAL)), output=b'{"b": 1,  "a":2}')
    shown = prediction.encode(views.finished(snapshot, outcome, clock.now()))
    assert b'"output":{"b": 1,  "a":2},' in shown


def test_what_was_not_reached_has_no_time() -> None:
    assert views.metrics(None, 0.0, None, None, 1.5) == {"preprocess_time": 0.0, "total_time": 1.5}


def test_times_keep_their_microseconds() -> None:
    found = views.metrics(0.1234567, 1 / 3, 2e-7, 4, 9)
    assert found == {
        "queue_time": 0.123457,
        "preprocess_time": 0.333333,
        "predict_time": 0.0,
        "total_time": 9,
        "batch_size": 4,
    }
