import pytest

from api.web.timeline import timeline

METRICS = {"queue_time": 0.01, "preprocess_time": 0.02, "predict_time": 0.03, "total_time": 0.1}


def test_the_parts_fill_the_whole() -> None:
    parts = timeline({"metrics": METRICS})
    assert [one.kind for one in parts] == ["queue", "preprocess", "predict", "rest"]
    assert [one.start for one in parts] == pytest.approx([0, 10, 30, 60])
    assert sum(one.width for one in parts) == pytest.approx(100)
    assert parts[-1].seconds == pytest.approx(0.04)


def test_what_never_ran_has_none() -> None:
    assert timeline({"metrics": {}}) == timeline({"metrics": {"total_time": 0.001}}) == []


def test_clocks_that_disagree_do_not_burst_it() -> None:
    parts = timeline({"metrics": METRICS | {"total_time": 0.001}})
    assert max(one.start + one.width for one in parts) <= 101
