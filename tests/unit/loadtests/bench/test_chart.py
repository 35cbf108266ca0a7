import pytest

from loadtests.bench.arms.arm import POLLING
from loadtests.bench.chart import draw
from loadtests.bench.measurements import Measurement, Measurements
from loadtests.bench.scenarios import payloads, tabular

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_run_becomes_a_png(tmp_path):
    speeds = {"jobs_per_second": 900.0, "cpu_ms:api": 0.5, "cpu_ms:redis": 0.1}
    measured = Measurements(
        [
            Measurement("tabular", "queuecast", tabular.CLOSED, 1, speeds),
            Measurement("idle", "naive", POLLING, 1, {"p50_ms": 9.0}),
            Measurement("payloads", "naive", payloads.case_of(1 << 10), 1, speeds),
        ]
    )
    assert draw(measured, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    "measured",
    [Measurements(), Measurements([Measurement("cache", "queuecast", "c", 1, {"p50_ms": 1.0})])],
    ids=["nothing", "nothing that has a panel"],
)
def test_without_anything_to_draw_there_is_no_file(tmp_path, measured):
    assert not draw(measured, tmp_path / "bench.png")
    assert not (tmp_path / "bench.png").exists()
