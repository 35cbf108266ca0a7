"""Who finds whom: the networks of docker-compose.yml, and the policies that open a port."""

from typing import Any

import pytest
import yaml

from tests.architecture.test_manifests import of_kind
from tests.integration.deployment.images import COMPOSE, services

SERVICES = services()
NETWORKS = yaml.safe_load(COMPOSE.read_text())["networks"]
PROCESSES = {"api", "record", "deliver", "sweeper"}


def on(network: str) -> set[str]:
    return {name for name, one in SERVICES.items() if network in one["networks"]}


def neighbours(name: str) -> set[str]:
    """Who shares a network with it."""
    return set().union(*map(on, SERVICES[name]["networks"])) - {name}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("preprocess", {"redis", "predict", "prometheus"}),
        ("predict", {"redis", "preprocess", "prometheus"}),
        ("flower", {"redis"}),
        ("grafana", {"prometheus"}),
        ("postgres", {*PROCESSES, "migrate"}),
        ("redis", {*PROCESSES, "preprocess", "predict", "flower"}),
        ("prometheus", {*PROCESSES, "preprocess", "predict", "grafana"}),
    ],
)
def test_nobody_shares_a_network_without_need(name: str, found: set[str]) -> None:
    assert neighbours(name) == found


def test_prometheus_listens_where_no_process_of_ours_is() -> None:
    (told,) = [one for one in SERVICES["prometheus"]["command"] if "listen-address" in one]
    host = told.partition("=")[2].partition(":")[0]
    joined = {network: one.get("aliases", []) for network, one in
              SERVICES["prometheus"]["networks"].items()}  # fmt: skip
    (network,) = [network for network, names in joined.items() if host in names]
    assert on(network) == {"prometheus", "grafana"}


def test_deliver_alone_has_a_way_out() -> None:
    masked = "com.docker.network.bridge.enable_ip_masquerade"
    closed = {
        name
        for name, one in NETWORKS.items()
        if one.get("internal") or one.get("driver_opts", {}).get(masked) == "false"
    }
    assert {name for one in set(NETWORKS) - closed for name in on(one)} == {"deliver"}


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if "ports" in one])
def test_a_published_port_is_on_a_network_that_can_publish(name: str) -> None:
    joined = SERVICES[name]["networks"]
    assert [network for network in joined if not NETWORKS[network].get("internal")]


def test_flower_keeps_nothing() -> None:
    assert [one for one in SERVICES["flower"]["volumes"] if not one.endswith(":ro")] == []
    assert SERVICES["flower"]["environment"]["QUEUECAST_DATA_DIR"] in {
        one.partition(":")[0] for one in SERVICES["flower"]["tmpfs"]
    }


def test_in_a_cluster_no_policy_leads_to_flower() -> None:
    policies = of_kind("NetworkPolicy")
    (nothing,) = [one for one in policies if one["metadata"]["name"] == "nothing"]
    assert nothing["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (port,) = _flower()["ports"]
    opened = {
        rule["port"]
        for policy in policies
        for way in policy["spec"].get("ingress", [])
        for rule in way["ports"]
    }
    assert port["containerPort"] not in opened


def test_flower_asks_who_looks() -> None:
    variables = {one["name"]: one["value"] for one in _flower()["env"]}
    assert variables["QUEUECAST_FLOWER_USER"]
    mounted = {one["mountPath"] for one in _flower()["volumeMounts"] if one.get("readOnly")}
    assert variables["QUEUECAST_FLOWER_PASSWORD_FILE"].rpartition("/")[0] in mounted
    assert "QUEUECAST_FLOWER_READ_ONLY" not in variables


def _flower() -> dict[str, Any]:
    (one,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "flower"]
    container: dict[str, Any] = one["spec"]["template"]["spec"]["containers"][0]
    return container
