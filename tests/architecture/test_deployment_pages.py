"""What the pages on servers and clusters have people type, as far as it cannot be run here."""

import re
import shlex
from pathlib import Path

import pytest

from tests.architecture.entry_points import refusal
from tests.architecture.test_manifests import of_kind
from tests.integration.deployment.images import ROOT, services, stages

PAGES = [ROOT / "docs" / name for name in ("21-one-server.md", "22-kubernetes.md")]


def commands(page: Path) -> list[str]:
    """Every line of a `console` block that somebody types, with those that go on."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.M | re.S):
        joined = block.replace("\\\n", " ")
        found += [line[2:] for line in joined.splitlines() if line.startswith("$ ")]
    return found


TYPED = [command for page in PAGES for command in commands(page)]


def test_there_is_something_to_type() -> None:
    assert len(TYPED) > 20


@pytest.mark.parametrize("command", [one for one in TYPED if "python -m" in one])
def test_a_process_that_is_named_is_one_that_the_code_takes(command: str) -> None:
    words = shlex.split(command)
    start = next(place for place, word in enumerate(words) if word.endswith("python"))
    assert refusal("python", *words[start + 1 :]) == ""


@pytest.mark.parametrize("command", [one for one in TYPED if one.startswith("docker compose run")])
def test_a_service_that_is_run_exists(command: str) -> None:
    assert shlex.split(command)[4] in services()


@pytest.mark.parametrize("command", [one for one in TYPED if one.startswith("kubectl")])
def test_what_kubectl_is_told_of_exists(command: str) -> None:
    for path in re.findall(r"--kustomize (\S+)", command):
        assert (ROOT / path / "kustomization.yaml").exists()
    rest = re.sub(r"--kustomize \S+", "", command)
    kinds = {"deploy": "Deployment", "deployment": "Deployment", "job": "Job", "service": "Service"}
    for kind, name in re.findall(r"\b(deploy|deployment|job|service)[/ ](\w+)", rest):
        assert name in {one["metadata"]["name"] for one in of_kind(kinds[kind])}


def test_images_that_are_built_are_targets() -> None:
    for targets in re.findall(r"for target in ([\w -]+); do", PAGES[1].read_text()):
        assert set(targets.split()) <= set(stages())
