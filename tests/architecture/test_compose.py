"""docker-compose.yml and the Dockerfile name what is really there."""

import re

import pytest

from shared.domain.names import Stage
from tests.architecture.entry_points import refusal, unknown_settings
from tests.integration.deployment.images import COMPOSE, DOCKERFILE, ROOT, services, stages

SERVICES = services()
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
DATABASE = {"postgres_password", "secrets_key"}


def test_every_process_is_a_service() -> None:
    assert {*(stage.value for stage in Stage), "api", "sweeper", "migrate"} <= set(OURS)
    assert SERVICES["sweeper"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_one_that_the_code_takes(name: str) -> None:
    assert refusal(*map(str, OURS[name]["command"])) == ""


@pytest.mark.parametrize("name", [name for name in OURS if name not in ("flower", "migrate")])
def test_a_health_check_is_one_that_the_code_takes(name: str) -> None:
    kind, *command = OURS[name]["healthcheck"]["test"]
    assert kind == "CMD"
    assert refusal(*command) == ""


@pytest.mark.parametrize("name", OURS)
def test_a_variable_is_a_setting(name: str) -> None:
    assert unknown_settings(set(OURS[name]["environment"])) == set()


@pytest.mark.parametrize("name", OURS)
def test_an_image_is_a_target_of_the_dockerfile(name: str) -> None:
    build = OURS[name]["build"]
    assert build["target"] in stages()
    assert ROOT / build["context"] / build["dockerfile"] == DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_files_that_are_named_exist(name: str) -> None:
    service = SERVICES[name]
    for mounted in service.get("volumes", []):
        source = mounted.split(":")[0]
        assert not source.startswith(".") or (ROOT / source).exists(), mounted
    named = {one.rpartition("/")[2] for one in str(service).split("'") if "/run/secrets/" in one}
    assert {re.match(r"\w+", one)[0] for one in named} <= set(service.get("secrets", []))


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_has_more_rights_than_needed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert "build" in service or service["user"] not in ("root", "0")


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_stages_that_models_run_in_know_no_database() -> None:
    for name in ("preprocess", "predict"):
        assert not DATABASE & set(SERVICES[name]["secrets"])


def test_who_watches_needs_no_key() -> None:
    """The one who asks `/health/system`; a file of a secret that the guide has made."""
    assert (
        SERVICES["api"]["environment"]["QUEUECAST_WATCH_TOKEN_FILE"] == "/run/secrets/watch_token"
    )
    guide = (ROOT / "docs" / "21-one-server.md").read_text()
    made = re.search(r"^for name in (.*); do$", guide, re.M)[1].split()
    assert {*made, "secrets_key"} == {one for service in SERVICES.values()
                                      for one in service.get("secrets", [])}  # fmt: skip


def test_the_port_of_the_api_is_one_everywhere() -> None:
    (published,) = SERVICES["api"]["ports"]
    port = SERVICES["api"]["command"][-1]
    assert published.endswith(f":{port}")
    assert f"EXPOSE {port}\n" in DOCKERFILE.read_text()
    assert stages()["api"].command == SERVICES["api"]["command"]


def test_images_of_others_are_pinned() -> None:
    for service in SERVICES.values():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"])
    assert re.search(
        r"^ARG PYTHON_IMAGE=\S+:[\d.]+\S*@sha256:[0-9a-f]{64}$", DOCKERFILE.read_text(), re.M
    )


def test_no_secret_stands_in_the_file() -> None:
    assert not re.search(r"PASSWORD:|SECRETS_KEY:|://\w+:\w+@", COMPOSE.read_text())


@pytest.mark.parametrize("target", ["api", "worker", "worker-gpu"])
def test_an_image_runs_a_command_of_the_code_as_nobody(target: str) -> None:
    stage = stages()[target]
    assert stage.user == "10001"
    assert refusal(*stage.command) == ""


def test_images_install_what_was_tested() -> None:
    tested = _locked("requirements-dev.lock")
    for name in ("api", "worker", "worker-gpu"):
        only_there = _locked(f"deploy/docker/{name}.lock") - tested
        assert all(one.startswith(("onnxruntime-gpu", "nvidia-")) for one in only_there)
    assert not [
        one for one in _locked("deploy/docker/api.lock") if one.startswith(("numpy", "onnx"))
    ]


def _locked(path: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / path).read_text(), re.M))
