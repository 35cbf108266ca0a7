"""Lets others' tools judge the deployment files of the folder given; says what it looked at."""

import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

KUBERNETES = ("1.31", kubernetes_validate.latest_version())
"""From the oldest release that is promised to the newest whose schemas are there."""

OPERATORS = ("keda.sh/", "monitoring.coreos.com/")
"""Kinds of theirs have no schema there: tests/architecture compares them with what they name."""


def tool(name: str, *arguments: str) -> str:
    program = Path(sys.executable).with_name(name)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name} {arguments}: {done.stdout}{done.stderr}"
    assert not done.stderr, f"{name} warns: {done.stderr}"
    return done.stdout


def dockerfile(root: Path) -> None:
    tool("hadolint", "--failure-threshold", "style", str(root / "deploy/docker/Dockerfile"))
    print("Dockerfile: clean")


def compose(root: Path) -> None:
    file = str(root / "docker-compose.yml")
    shown = yaml.safe_load(tool("docker-compose", "--file", file, "--profile", "*", "config"))
    print(f"docker-compose.yml: {len(shown['services'])} services")


def manifests(root: Path) -> None:
    for overlay in sorted((root / "deploy/kubernetes/overlays").iterdir()):
        built = list(yaml.safe_load_all(tool("kubectl", "kustomize", str(overlay))))
        ours = [one for one in built if not one["apiVersion"].startswith(OPERATORS)]
        for version in KUBERNETES:
            for one in ours:
                kubernetes_validate.validate(one, version, strict=True)
        print(f"{overlay.name}: {len(built)} objects, {len(built) - len(ours)} of operators")


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    {"dockerfile": dockerfile, "compose": compose, "manifests": manifests}[what](Path(folder))
