from shared.backlog.breaker import OPEN_SECONDS, Breaker


def test_a_failure_opens_it_for_a_while(clock) -> None:
    breaker = Breaker(clock)
    assert not breaker.is_open
    breaker.trip()
    assert breaker.is_open
    clock.advance(OPEN_SECONDS - 0.001)
    assert breaker.is_open
    clock.advance(0.001)
    assert not breaker.is_open


def test_a_second_failure_starts_the_time_anew(clock) -> None:
    breaker = Breaker(clock)
    breaker.trip()
    clock.advance(OPEN_SECONDS - 1)
    breaker.trip()
    clock.advance(OPEN_SECONDS - 1)
    assert breaker.is_open
