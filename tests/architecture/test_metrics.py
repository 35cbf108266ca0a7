"""Every metric is documented as it is: its name, type, labels and help."""

import re

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from api.live_metrics import GAUGES
from deploy.local.paths import ROOT
from shared.telemetry import counters

PAGE = (ROOT / "docs" / "18-observe.md").read_text()
UNBOUNDED = {"tenant", "id", "job_id", "job", "key", "path", "url", "host", "request_id", "user"}


def exported() -> set[tuple[str, str, str, str]]:
    found = {(name, "gauge", labels, about) for name, (about, labels) in GAUGES.items()}
    for one in vars(counters).values():
        if isinstance(one, MetricWrapperBase):
            suffix = "_total" if one._type == "counter" else ""
            found.add((one._name + suffix, one._type, one._labelnames, one._documentation))
    return {(name, kind, ", ".join(labels) or "-", about) for name, kind, labels, about in found}


def test_the_page_lists_all_metrics_and_no_others() -> None:
    rows = re.findall(r"^\| `(queuecast_\w+)` \| (\w+) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    assert set(rows) == exported()


@pytest.mark.parametrize("metric", sorted(exported()), ids=lambda one: one[0])
def test_its_name_follows_the_conventions(metric: tuple[str, str, str, str]) -> None:
    name, kind, labels, about = metric
    assert re.fullmatch("queuecast_[a-z_]+[a-z]", name)
    assert name.endswith("_total") == (kind == "counter")
    assert not re.search("_(milliseconds|ms|minutes|kilobytes|kb|mb|percent)(_|$)", name)
    assert not UNBOUNDED & set(labels.split(", "))
    assert about.endswith(".")


def test_all_of_ours_stand_in_one_place() -> None:
    ours = {one._name for one in vars(counters).values() if isinstance(one, MetricWrapperBase)}
    names = {getattr(one, "_name", "") for one in REGISTRY._collector_to_names}
    assert {name for name in names if name.startswith("queuecast")} == ours
