import pytest

from loadtests.bench.arms.naive import Polling
from loadtests.bench.arms.peers import ArqFront, BentomlTasks
from loadtests.bench.arms.queuecast import Waiting, polling, submitting
from loadtests.bench.errors import ArmFailed
from loadtests.bench.http_client import Address, Answer

HERE = Address("127.0.0.1", 80)

PENDING = {
    Waiting(): Answer(202, b'{"id":"7","status":"starting","completed_at":null}'),
    Polling(): Answer(200, b'{"id":"7","status":"PENDING","output":null}'),
    ArqFront(): Answer(200, b'{"id":"7","status":"pending","output":null}'),
    BentomlTasks(): Answer(400, b'{"error":"task 7 is not completed yet"}'),
}
DONE = {
    Waiting(): Answer(200, b'{"id":"7","status":"succeeded","completed_at":"x","output":[1]}'),
    Polling(): Answer(200, b'{"id":"7","status":"SUCCESS","output":[1]}'),
    ArqFront(): Answer(200, b'{"id":"7","status":"complete","output":[1]}'),
    BentomlTasks(): Answer(200, b"[[1]]"),
}
BROKEN = {
    Waiting(): Answer(200, b'{"id":"7","status":"failed","completed_at":"x","output":null}'),
    Polling(): Answer(200, b'{"id":"7","status":"FAILURE","output":null}'),
    ArqFront(): Answer(404, b"{}"),
    BentomlTasks(): Answer(404, b"{}"),
}


@pytest.mark.parametrize("dialect", PENDING, ids=lambda one: type(one).__name__)
def test_each_dialect_tells_pending_from_done(dialect):
    assert not dialect.is_done(PENDING[dialect])
    assert dialect.is_done(DONE[dialect])
    assert dialect.output(DONE[dialect]) == [1]


@pytest.mark.parametrize("dialect", BROKEN, ids=lambda one: type(one).__name__)
def test_no_dialect_takes_a_failure_for_a_result(dialect):
    assert dialect.is_done(BROKEN[dialect])
    with pytest.raises(ArmFailed):
        dialect.output(BROKEN[dialect])


@pytest.mark.parametrize("dialect", PENDING, ids=lambda one: type(one).__name__)
def test_a_refused_submit_has_no_id(dialect):
    with pytest.raises(ArmFailed, match="429"):
        dialect.job_id(Answer(429, b"{}"))


def test_queuecast_is_waited_for_or_polled():
    assert b"?wait=30 " in Waiting().fetch(HERE, "7")
    assert b"/predictions/7 HTTP" in polling(0.002).fetch(HERE, "7")
    assert b"Prefer: wait=30\r\n" in submitting().submit(HERE, "wine", b"{}")
