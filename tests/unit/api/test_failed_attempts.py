import pytest

from api import failed_attempts
from api.failed_attempts import ALLOWED, WINDOW_SECONDS, FailedAttempts
from shared.clock import FakeClock


@pytest.fixture
def attempts(clock: FakeClock) -> FailedAttempts:
    return FailedAttempts(clock)


def fail(attempts: FailedAttempts, address: str, times: int = ALLOWED) -> None:
    for _ in range(times):
        attempts.note(address)


def test_an_address_is_blocked_until_its_minute_is_over(
    attempts: FailedAttempts, clock: FakeClock
) -> None:
    fail(attempts, "192.0.2.1", ALLOWED - 1)
    assert attempts.blocked_seconds("192.0.2.1") == 0
    clock.advance(10)
    attempts.note("192.0.2.1")
    assert attempts.blocked_seconds("192.0.2.1") == WINDOW_SECONDS - 10
    clock.advance(WINDOW_SECONDS - 10)
    assert attempts.blocked_seconds("192.0.2.1") == 0
    attempts.note("192.0.2.1")
    assert attempts.blocked_seconds("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("failing", "asking", "blocked"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "", True),
        ("testclient", "testclient", True),
    ],
)
def test_addresses_that_one_caller_has_count_as_one(
    attempts: FailedAttempts, failing: str, asking: str, blocked: bool
) -> None:
    fail(attempts, failing)
    assert (attempts.blocked_seconds(asking) > 0) is blocked


def test_only_so_many_addresses_are_remembered(
    attempts: FailedAttempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_attempts, "KEPT", 3)
    for number in range(9):
        fail(attempts, f"192.0.2.{number}")
    assert [attempts.blocked_seconds(f"192.0.2.{n}") > 0 for n in (0, 5, 6, 8)] == [
        False, False, True, True,
    ]  # fmt: skip
