import pytest

from shared.webhooks.schedule import PAUSES_SECONDS, pause_seconds


@pytest.mark.parametrize(("failures", "planned"), list(enumerate(PAUSES_SECONDS, 1)))
def test_pauses_grow_and_scatter_by_a_fifth(failures: int, planned: int) -> None:
    pauses = [pause_seconds(failures) for _ in range(100)]
    assert all(0.8 * planned <= pause <= 1.2 * planned for pause in pauses if pause is not None)
    assert None not in pauses
    assert len(set(pauses)) > 50


def test_the_last_try_comes_after_three_days() -> None:
    assert pause_seconds(len(PAUSES_SECONDS) + 1) is None
    assert 75 * 3600 < sum(PAUSES_SECONDS) < 76 * 3600


@pytest.mark.parametrize(
    ("asked", "waits"), [(1.0, (4, 6)), (60.0, (60, 60)), (1e9, (86400, 86400)), (None, (4, 6))]
)
def test_a_receiver_may_ask_for_a_longer_pause(asked: float | None, waits) -> None:
    assert waits[0] <= pause_seconds(1, asked) <= waits[1]
