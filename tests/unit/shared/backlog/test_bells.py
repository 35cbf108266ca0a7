from typing import Any

import pytest
from kombu.exceptions import OperationalError

from shared.backlog.bells import CeleryBells
from shared.domain.names import RECORD, Backlog, Stage
from shared.telemetry import counters


class FakeCelery:
    """Keeps what is sent; the first calls raise what they are given."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[tuple[str, list[str], str]] = []

    def send_task(self, name: str, *, args: list[str], queue: str, **options: Any) -> None:
        assert options == {"ignore_result": True}
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((name, args, queue))


LANES = {"digits": "gpu"}


@pytest.mark.parametrize(
    ("backlog", "sent"),
    [
        (Backlog(Stage.PREPROCESS, "wine", "1"), ("preprocess", ["wine", "1"], "preprocess")),
        (Backlog(Stage.PREPROCESS, "digits", "2"), ("preprocess", ["digits", "2"], "preprocess")),
        (Backlog(Stage.PREDICT, "wine", "1"), ("predict", ["wine", "1"], "predict-cpu")),
        (Backlog(Stage.PREDICT, "digits", "2"), ("predict", ["digits", "2"], "predict-gpu")),
        (RECORD, ("record", [], "record")),
    ],
)
def test_a_bell_rings_where_its_workers_listen(backlog: Backlog, sent: tuple) -> None:
    celery = FakeCelery()
    CeleryBells(celery, LANES).ring([backlog])
    assert celery.sent == [sent]


@pytest.mark.parametrize("error", [OperationalError("down"), TimeoutError("slow"), OSError("gone")])
def test_a_lost_bell_is_counted_and_the_others_ring(error: Exception) -> None:
    celery, before = FakeCelery(error), counters.bells_lost._value.get()
    CeleryBells(celery, LANES).ring([Backlog(Stage.PREDICT, "wine", "1"), RECORD])
    assert [name for name, *_ in celery.sent] == ["record"]
    assert counters.bells_lost._value.get() == before + 1


def test_a_mistake_of_ours_is_no_lost_bell() -> None:
    with pytest.raises(TypeError):
        CeleryBells(FakeCelery(TypeError("no JSON")), LANES).ring([RECORD])
