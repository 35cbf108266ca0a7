"""Alerts and dashboard, read with the grammar of Prometheus and compared with what is told."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from deploy.local.paths import ROOT

PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
RUNBOOK = ROOT / "docs" / "16-operate.md"
PAGE = (ROOT / "docs" / "18-observe.md").read_text()
ROW = re.compile(r"^\| `(queuecast_\w+)` \| (\w+) \| (.+?) \| .+ \|$", re.MULTILINE)
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus itself adds, and those of histograms."""


def alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "queuecast.json").read_text())
    return found


def panels() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$__rate_interval", "1m").replace("$model", ".*")


def exported() -> dict[str, set[str]]:
    """Each series that is told, with its labels."""
    found = {"up": set[str]()}
    for name, kind, labels in ROW.findall(PAGE):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + ending: set(labels.split(", ")) - {"-"} for ending in endings}
    return found


def expressions() -> list[str]:
    return [*(one["expr"] for one in alerts()), *panels()]


def test_every_expression_is_one_and_names_what_is_exported(run_client: Callable[..., str]) -> None:
    known = exported()
    said = run_client("prometheus", "expressions.py", *map(json.dumps, expressions()))
    lines = said.splitlines()
    assert len(lines) == len(expressions()) > 40
    for expression, line in zip(expressions(), lines, strict=True):
        selected = json.loads(line)
        assert selected, expression
        for one in selected:
            assert one["metric"] in known, expression
            assert set(one["labels"]) <= known[one["metric"]] | ADDED, expression


def test_every_expression_that_counts_asks_for_a_rate() -> None:
    """A counter by itself says how long ago its process started."""
    for expression in expressions():
        for counted in re.findall(r"queuecast_\w+_(?:total|bucket|sum|count)\b", expression):
            assert re.search(rf"(rate|increase)\({counted}", expression), expression


@pytest.mark.parametrize("alert", alerts(), ids=lambda one: one["alert"])
def test_every_alert_says_what_it_means_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert re.fullmatch("Queuecast[A-Z][A-Za-z]+", alert["alert"])
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook"] == f"docs/16-operate.md#{alert['alert'].lower()}"


@pytest.mark.skipif(not RUNBOOK.exists(), reason="there is no runbook yet")
def test_every_alert_has_its_section_in_the_runbook_and_none_is_left_over() -> None:
    sections = re.findall("^#+ (Queuecast\\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(one["alert"] for one in alerts())


def test_prometheus_reads_the_alerts_and_grafana_finds_its_dashboard() -> None:
    for name in ("prometheus.yml", "local.yml"):
        settings = yaml.safe_load((PROMETHEUS / name).read_text())
        assert settings["rule_files"] == ["alerts.yml"]
        assert [one["job_name"] for one in settings["scrape_configs"]] == ["queuecast"]
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert {
        panel["datasource"]["uid"] for panel in dashboard()["panels"] if "targets" in panel
    } == {source["uid"]}
