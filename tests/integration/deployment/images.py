"""What the Dockerfile and docker-compose.yml say about a service: command, environment, user."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"


@dataclass
class Stage:
    """One `FROM`, with what it inherits."""

    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0"
    command: list[str] = field(default_factory=list)
    lock: str = ""


def stages() -> dict[str, Stage]:
    """Every stage of the Dockerfile by its name."""
    found: dict[str, Stage] = {}
    stage = Stage()
    for line in DOCKERFILE.read_text().replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            source, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()
            base = found.get(source, Stage())
            stage = Stage(dict(base.environment), base.workdir, base.user, list(base.command))
            found[name] = stage
        elif word == "ENV":
            pairs = dict(part.split("=", 1) for part in shlex.split(rest))
            stage.environment |= pairs
        elif word == "WORKDIR":
            stage.workdir = rest
        elif word == "USER":
            stage.user = rest.partition(":")[0]
        elif word == "CMD":
            stage.command = yaml.safe_load(rest)
        elif word == "COPY" and rest.startswith("--from=") and "-packages" in rest:
            stage.lock = re.search(r"--from=(\S+)-packages", rest)[1]
    return found


def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml, with the defaults of its own variables filled in."""
    found: dict[str, dict[str, Any]] = _filled_in(yaml.safe_load(COMPOSE.read_text()))["services"]
    return found


def _filled_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled_in(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled_in(one) for one in value]
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) if isinstance(value, str) else value
