import json

import pytest

from loadtests.bench import loads
from loadtests.bench.arms.arm import Service
from loadtests.bench.arms.naive import Polling
from loadtests.bench.errors import ArmFailed

COUNT = 20


def submits(service):
    return [service.dialect.submit(service.address, "m", b"%d" % n) for n in range(COUNT)]


def outputs(outcome):
    return [json.loads(answer.body)["output"] for answer in outcome.answers]


@pytest.mark.parametrize(
    "load",
    [
        lambda service, submits: loads.closed_loop(service, submits, 4),
        lambda service, submits: loads.burst(service, submits, 4),
        lambda service, submits: loads.open_loop(service, submits, 500, 4),
    ],
    ids=["closed loop", "burst", "open loop"],
)
def test_every_load_brings_each_result_to_its_own_job(job_service, load):
    outcome = load(job_service, submits(job_service))
    assert outputs(outcome) == list(range(COUNT))
    assert outcome.seconds > 0
    assert all(one > 0 for one in outcome.accept_latencies)


def test_a_closed_loop_times_the_result_not_only_the_acceptance(job_service):
    outcome = loads.closed_loop(job_service, submits(job_service), 2)
    pairs = zip(outcome.latencies, outcome.accept_latencies, strict=True)
    assert all(whole >= accepted + 0.008 for whole, accepted in pairs)  # two pauses of 5 ms


def test_an_open_loop_counts_the_wait_for_a_connection(job_service):
    waits = loads.open_loop(job_service, submits(job_service), 1e6, 1).accept_latencies
    assert waits == sorted(waits)  # all were due at once, and only one could go


def test_between_submits_and_fetches_a_burst_calls_back(job_service):
    called = []
    loads.burst(job_service, submits(job_service), 4, between=lambda: called.append(True))
    assert called == [True]


def test_a_server_error_fails_the_load_and_is_quoted(serving):
    service = Service(serving(lambda *_: (500, b"no room")), Polling(), dict, {})
    with pytest.raises(ArmFailed, match="500: b'no room'"):
        loads.closed_loop(service, submits(service), 2)


def test_nobody_listening_fails_the_load(job_service, serving):
    gone = Service(job_service.address, Polling(), dict, {})
    request = b"GET /gone HTTP/1.1\r\nHost: x\r\n\r\n"
    with pytest.raises(ArmFailed, match="ServerGone"):
        loads.ask_all(gone, [request], 1)
