import os
import signal

import pytest

from deploy.local.stop_signals import StopSignals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_is_counted_and_ends_the_wait(signals, number):
    os.kill(os.getpid(), number)
    signals.wait(60)
    assert signals.count == 1


def test_a_child_that_ends_ends_the_wait_uncounted(signals, make_program, eventually):
    pid = os.fork()
    if not pid:
        os._exit(0)
    signals.wait(60)
    os.waitpid(pid, 0)
    assert signals.count == 0


def test_the_wait_ends_when_the_time_is_up(signals):
    signals.wait(0)
    assert signals.count == 0


def test_the_handlers_before_are_back_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with StopSignals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_launcher_under_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)
