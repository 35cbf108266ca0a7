import pytest
from rich.console import Console

from deploy.local.demo_report import (
    Run,
    accuracy,
    by_model,
    cache_states,
    models_table,
    predictions_table,
)
from deploy.local.demo_samples import Sample
from queuecast import Prediction


@pytest.fixture
def make_run():
    def make(label, truth="3", *, number=0, status="succeeded", **more):
        output = {"label": label} if status == "succeeded" else None
        metrics = {"total_time": 0.012, "batch_size": 4}
        prediction = Prediction(id="i", status=status, output=output, metrics=metrics, **more)
        return Run(Sample("digits", f"{number}.png", {}, truth), prediction)

    return make


def rendered(*things):
    console = Console(width=120)
    with console.capture() as capture:
        console.print(*things)
    return capture.get()


def test_a_prediction_is_right_when_its_label_is_the_truth(make_run):
    assert make_run(3).right
    assert not make_run(8).right
    assert not make_run(3, status="failed").right
    assert accuracy([make_run(3), make_run(8)]) == 0.5
    assert accuracy([]) == 0


def test_a_long_table_shows_some_and_everything_wrong(make_run):
    runs = [make_run(3, number=number) for number in range(20)] + [make_run(8, number=99)]
    said = rendered(predictions_table(runs))
    assert "4.png" in said
    assert "5.png" not in said
    assert "99.png" in said
    assert "and 15 more, all right" in said


def test_a_failed_job_is_told_with_its_code(make_run):
    failed = make_run(None, status="failed", error_code="invalid_image")
    assert "failed: invalid_image" in rendered(predictions_table([failed]))


def test_each_model_has_its_figures(make_run):
    said = rendered(models_table([make_run(3), make_run(8)]))
    assert all(figure in said for figure in ("digits", "0.500", "12 ms", "4"))
    assert list(by_model([make_run(3)])) == ["digits"]


def test_only_what_came_from_a_cache_is_told(make_run):
    assert cache_states([make_run(3)]) == ""
    assert cache_states([make_run(3, cache="miss"), make_run(3, cache="hit")]) == "hit 1"
