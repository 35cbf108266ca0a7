"""The manifests of deploy/kubernetes name what is really there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.registry import Registry
from queuecast.version import __version__
from shared.domain.names import RECORD, Backlog, Keys, Priority, Stage, queue
from shared.settings import BUNDLED_MODELS_DIR, Settings
from tests.architecture.entry_points import refusal, unknown_settings
from tests.integration.deployment.images import ROOT, services, stages

KUBERNETES = ROOT / "deploy" / "kubernetes"
KEYS = Keys(Settings.model_fields["key_prefix"].default)
IMAGES = {
    "queuecast-api": "api",
    "queuecast-worker": "worker",
    "queuecast-worker-gpu": "worker-gpu",
}


def documents(folder: Path = KUBERNETES) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text())


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for one in documents() if one["kind"] in kinds]


def containers() -> list[Any]:
    return [
        pytest.param(one, container, id=one["metadata"]["name"])
        for one in of_kind("Deployment", "Job")
        for container in one["spec"]["template"]["spec"]["containers"]
    ]


def triggers(name: str) -> list[dict[str, str]]:
    (found,) = [one for one in of_kind("ScaledObject") if one["metadata"]["name"] == name]
    return [trigger["metadata"] for trigger in found["spec"]["triggers"]]


def test_every_process_of_the_compose_file_is_there() -> None:
    ours = {name for name, one in services().items() if "build" in one}
    found = {one["metadata"]["name"] for one in of_kind("Deployment", "Job")}
    assert ours <= found


@pytest.mark.parametrize(("workload", "container"), containers())
def test_a_command_is_one_that_the_code_takes(workload, container) -> None:
    assert refusal(*container["command"]) == ""
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        check = container.get(probe, {})
        assert "exec" not in check or refusal(*check["exec"]["command"]) == ""


@pytest.mark.parametrize(("workload", "container"), containers())
def test_an_image_is_a_target_of_the_dockerfile(workload, container) -> None:
    assert IMAGES[container["image"]] in stages()


@pytest.mark.parametrize(("workload", "container"), containers())
def test_a_pod_may_do_nothing_beyond_its_work(workload, container) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) == stages()[IMAGES[container["image"]]].user
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["preprocess", "predict", "predict-gpu"])
def test_where_models_run_no_database_is_known(name: str) -> None:
    (one,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == name]
    assert "database" not in str(one)


def test_probes_ask_where_the_api_answers(settings) -> None:
    (api,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "api"]
    (container,) = api["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert container["command"][-1] == ports["http"]
    paths = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness")}
    assert paths == {"/health/live"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "http"}
    described = (ROOT / "tests" / "contract" / "openapi.json").read_text()
    assert '"/health/live"' in described and '"/health/ready"' in described


@pytest.mark.parametrize("one", of_kind("ConfigMap"), ids=lambda one: one["metadata"]["name"])
def test_a_variable_is_a_setting(one: dict[str, Any]) -> None:
    assert unknown_settings(set(one.get("data", {}))) == set()


@pytest.mark.parametrize(("workload", "container"), containers())
def test_a_variable_of_one_process_is_a_setting_and_its_file_is_mounted(
    workload, container
) -> None:
    variables = {one["name"]: one["value"] for one in container.get("env", [])}
    assert unknown_settings(set(variables)) == set()
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    files = {value for name, value in variables.items() if name.endswith("_FILE")}
    assert {file.rpartition("/")[0] for file in files} <= mounted


def test_who_watches_needs_no_key() -> None:
    (api,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "api"]
    (container,) = api["spec"]["template"]["spec"]["containers"]
    assert "QUEUECAST_WATCH_TOKEN_FILE" in {one["name"] for one in container["env"]}


def test_metrics_are_where_the_policy_lets_them_be_read() -> None:
    port = {one["data"]["QUEUECAST_METRICS_PORT"] for one in of_kind("ConfigMap")
            if "QUEUECAST_METRICS_PORT" in one["data"]}  # fmt: skip
    (policy,) = [one for one in of_kind("NetworkPolicy") if one["metadata"]["name"] == "metrics"]
    assert port == {str(policy["spec"]["ingress"][0]["ports"][0]["port"])}


@pytest.mark.parametrize("stage", [Stage.PREPROCESS, Stage.PREDICT])
def test_each_backlog_of_each_model_is_scaled_by(stage: Stage) -> None:
    models = Registry.load([BUNDLED_MODELS_DIR]).models.values()
    backlogs = [Backlog(stage, model.name, one) for model in models for one in model.versions]
    expected = {KEYS.stream(one, priority) for one in backlogs for priority in Priority}
    assert {one["stream"] for one in triggers(stage.value) if "stream" in one} == expected


def test_outcomes_are_scaled_by() -> None:
    assert {one["stream"] for one in triggers("record")} == {
        KEYS.stream(RECORD, priority) for priority in Priority
    }


@pytest.mark.parametrize(
    ("name", "bells"),
    [
        ("preprocess", queue(Stage.PREPROCESS)),
        ("predict", queue(Stage.PREDICT, "cpu")),
        ("predict-gpu", queue(Stage.PREDICT, "gpu")),
    ],
)
def test_a_bell_wakes_a_lane(name: str, bells: str) -> None:
    assert [one["listName"] for one in triggers(name) if "listName" in one] == [KEYS.queue(bells)]


def test_only_webhooks_leave_the_cluster() -> None:
    (policy,) = [one for one in of_kind("NetworkPolicy") if one["metadata"]["name"] == "webhooks"]
    (label,) = policy["spec"]["podSelector"]["matchLabels"]
    labelled = [one["metadata"]["name"] for one in of_kind("Deployment")
                if label in one["spec"]["template"]["metadata"]["labels"]]  # fmt: skip
    assert labelled == ["deliver"]


def test_secrets_are_those_that_the_guide_creates() -> None:
    guide = (ROOT / "docs" / "22-kubernetes.md").read_text()
    for one in of_kind("Deployment", "Job"):
        for volume in one["spec"]["template"]["spec"]["volumes"]:
            assert "secret" not in volume or f"generic {volume['secret']['secretName']} " in guide


def test_our_images_have_the_version_of_this_release() -> None:
    for one in of_kind("Kustomization"):
        for image in one.get("images", []):
            assert image["name"] not in IMAGES or image["newTag"] == __version__
