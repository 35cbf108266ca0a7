from datetime import timedelta
from math import isnan
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.clock import FakeClock
from workers import accuracy_watch
from workers.accuracy_watch import AccuracyWatch


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the feedback of the last day comes to."""
    rows: list[dict[str, Any]] = []
    monkeypatch.setattr(accuracy_watch, "recent_accuracy", lambda *_: rows)
    monkeypatch.setattr(accuracy_watch, "reading", lambda _: open_nothing())
    return rows


def open_nothing() -> Any:
    class Nothing:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    return Nothing()


def shown(name: str) -> float:
    found = REGISTRY.get_sample_value(f"queuecast_model_{name}", {"model": "m", "version": "1"})
    assert found is not None
    return found


def test_recent_accuracy_is_a_metric(told: Any, clock: FakeClock) -> None:
    container: Any = SimpleNamespace(engine=None, clock=clock)
    watch = AccuracyWatch(container)
    told.append({"model": "m", "version": "1", "labels": 4, "right": 3, "values": 0})
    watch.run()
    assert (shown("accuracy_ratio"), shown("feedback_predictions")) == (0.75, 4)
    assert isnan(shown("mean_absolute_error"))
    told.clear()
    watch.run()  # not yet looked again
    assert shown("accuracy_ratio") == 0.75
    clock.advance(timedelta(seconds=61).total_seconds())
    watch.run()
    assert isnan(shown("accuracy_ratio"))
    assert shown("feedback_predictions") == 0
