"""What Prometheus and Grafana of docker-compose.yml look at is there."""

import yaml

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
