import threading
from collections.abc import Iterator

import pytest

from workers.isolation import Isolation

SOON = 10.0


@pytest.fixture
def start() -> Iterator:
    """Starts threads that are joined at the end."""
    threads: list[threading.Thread] = []

    def run(target) -> threading.Thread:
        threads.append(threading.Thread(target=target, daemon=True))
        threads[-1].start()
        return threads[-1]

    yield run
    for thread in threads:
        thread.join(SOON)
    assert not any(thread.is_alive() for thread in threads)


def waiting(isolation: Isolation, threads: int = 1) -> bool:
    """True once so many threads stand before the lock, False after ten seconds."""
    for _ in range(10_000):
        if len(isolation._condition._waiters) == threads:
            return True
        threading.Event().wait(0.001)
    return False


def enter(kind, order: list[str], name: str):
    def run() -> None:
        with kind():
            order.append(name)

    return run


def test_sharers_run_side_by_side(start) -> None:
    isolation, meeting = Isolation(), threading.Barrier(3)

    def share() -> None:
        with isolation.shared():
            meeting.wait(SOON)

    start(share)
    start(share)
    meeting.wait(SOON)


@pytest.mark.parametrize("outer", ["shared", "alone"])
def test_a_suspect_waits_for_whoever_runs(start, outer) -> None:
    isolation, order = Isolation(), []
    with getattr(isolation, outer)():
        suspect = start(enter(isolation.alone, order, "suspect"))
        assert waiting(isolation)
        order.append(outer)
    suspect.join(SOON)
    assert order == [outer, "suspect"]


def test_nobody_runs_beside_a_suspect(start) -> None:
    isolation, order = Isolation(), []
    with isolation.alone():
        sharer = start(enter(isolation.shared, order, "sharer"))
        assert waiting(isolation)
        order.append("suspect")
    sharer.join(SOON)
    assert order == ["suspect", "sharer"]


def test_newcomers_do_not_keep_a_suspect_waiting(start) -> None:
    isolation, order = Isolation(), []
    with isolation.shared():
        suspect = start(enter(isolation.alone, order, "suspect"))
        assert waiting(isolation)
        newcomer = start(enter(isolation.shared, order, "newcomer"))
        assert waiting(isolation, threads=2)
    for thread in (suspect, newcomer):
        thread.join(SOON)
    assert order == ["suspect", "newcomer"]


def test_a_batch_that_raises_lets_the_next_one_in() -> None:
    isolation = Isolation()
    for kind in (isolation.alone, isolation.shared, isolation.alone):
        with pytest.raises(RuntimeError), kind():
            raise RuntimeError
