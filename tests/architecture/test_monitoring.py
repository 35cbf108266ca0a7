"""What Prometheus and Grafana look at is there: in docker-compose.yml and in a cluster."""

from typing import Any

import pytest
import yaml

from tests.architecture.test_manifests import KUBERNETES, containers, documents
from tests.integration.deployment.images import ROOT, services

SERVICES = services()


def test_prometheus_looks_at_every_process_by_the_name_of_its_service() -> None:
    file = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    (job,) = file["scrape_configs"]
    (names,) = job["dns_sd_configs"]
    processes = {
        name
        for name, one in SERVICES.items()
        if "QUEUECAST_METRICS_PORT" in one.get("environment", {})
    }
    assert set(names["names"]) == processes - {"flower", "migrate"}
    for name in names["names"]:
        assert SERVICES[name]["environment"]["QUEUECAST_METRICS_PORT"] == str(names["port"])
        assert set(SERVICES[name]["networks"]) & set(SERVICES["prometheus"]["networks"])


def test_grafana_asks_prometheus() -> None:
    folder = ROOT / "deploy/grafana/provisioning"
    sources = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    (port,) = SERVICES["prometheus"]["ports"]
    assert [one["url"] for one in sources] == [f"http://prometheus:{port.rpartition(':')[2]}"]


def monitoring() -> dict[str, Any]:
    """What the component brings, by kind."""
    return {one["kind"]: one for one in documents(KUBERNETES / "components" / "monitoring")}


def test_the_alerts_of_a_cluster_are_those_of_everywhere() -> None:
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    assert monitoring()["PrometheusRule"]["spec"] == alerts


def test_the_alerts_know_the_pods_by_the_name_of_their_job() -> None:
    (endpoint,) = monitoring()["PodMonitor"]["spec"]["podMetricsEndpoints"]
    (relabeling,) = endpoint["relabelings"]
    (job,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())[
        "scrape_configs"
    ]
    assert relabeling == {"targetLabel": "job", "replacement": job["job_name"]}


@pytest.mark.parametrize(("workload", "container"), containers())
def test_each_pod_with_metrics_is_found(workload, container) -> None:
    spec = monitoring()["PodMonitor"]["spec"]
    ports = {port["name"] for port in container.get("ports", [])}
    has_metrics = workload["metadata"]["name"] not in ("flower", "migrate")
    assert (spec["podMetricsEndpoints"][0]["port"] in ports) is has_metrics
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
