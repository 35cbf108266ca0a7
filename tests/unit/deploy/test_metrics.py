from pathlib import Path

from deploy.local.children import Program
from deploy.local.metrics import MetricsPorts, forget_gauges
from deploy.local.processes import METRICS_PORT, SHARED_METRICS

ENVIRONMENT = {SHARED_METRICS: "/metrics", "HOME": "/"}


def given(first: int, *names: str) -> list[dict[str, str]]:
    ports = MetricsPorts(first)
    programs = [Program(one, one.partition("-")[0], (), ENVIRONMENT, None) for one in names]
    return [dict(ports.given(one).environment) for one in programs]


def test_without_a_port_all_share_one_folder() -> None:
    assert given(0, "predict-1", "api-1") == [ENVIRONMENT, ENVIRONMENT]


def test_who_serves_its_own_metrics_adds_to_no_sum() -> None:
    one, two = given(9100, "predict-1", "sweeper")
    assert (one[METRICS_PORT], two[METRICS_PORT]) == ("9100", "9101")
    assert SHARED_METRICS not in one | two


def test_api_processes_answer_for_each_other() -> None:
    one, two = given(9100, "api-1", "api-2")
    assert one == ENVIRONMENT | {METRICS_PORT: "9100"}
    assert two == ENVIRONMENT


def test_a_dead_process_tells_of_itself_no_more(tmp_path: Path) -> None:
    names = ["gauge_livesum_7.db", "counter_7.db", "gauge_livesum_77.db", "gauge_mostrecent_7.db"]
    for name in names:
        (tmp_path / name).touch()
    forget_gauges(tmp_path, 7)
    assert {file.name for file in tmp_path.iterdir()} == set(names[1:])
