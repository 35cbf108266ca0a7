"""The network to Redis is bad, the processes are well."""

import time

import pytest


@pytest.mark.long
@pytest.mark.fault("F22", "F23")
@pytest.mark.parametrize(("fault", "order"), [("F22", "black-hole"), ("F23", "deaf")])
def test_nothing_arrives(system, fault: str, order: str) -> None:
    pids = system.running.roles()
    system.submit(10, "slow", seconds=0.1)
    with system.servers.link.being(order):
        system.submit(10)
        time.sleep(12)
    done = system.all_end(fault, f"{order} for 12 s")
    assert system.crashes(*done) == 0
    assert system.running.roles() == pids


@pytest.mark.long
@pytest.mark.fault("F24")
def test_connections_are_reset_again_and_again(system) -> None:
    pids = system.running.roles()
    for _ in range(15):
        system.submit(2)
        system.servers.link.tell("reset")
        time.sleep(0.7)
    done = system.all_end("F24", "15 resets in 11 s")
    assert system.crashes(*done) == 0
    assert system.running.roles() == pids


@pytest.mark.long
@pytest.mark.fault("F25")
def test_a_slow_network_costs_time_and_no_attempts(system) -> None:
    with system.servers.link.being("latency 0.1 0.1"):
        numbers = [system.jobs[job.id] for job in system.submit(10)]
        system.all_end("F25", "100 to 200 ms a way")
    assert {system.executions()[number] for number in numbers} == {1}


@pytest.mark.long
def test_who_is_refused_comes_back(system) -> None:
    with system.servers.link.being("refuse"):
        system.submit(10)
        time.sleep(3)
    system.all_end("F24", "refused for 3 s")
