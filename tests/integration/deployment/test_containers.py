"""The processes as the images start them: commands, environment, users, files, over real servers.

There is no container engine here. Namespaces stand in for it: each process has a network and a
read-only root file system of its own, what its lock installs and nothing else, secrets in files,
no capabilities, and a PostgreSQL and a Redis that ask for passwords.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.integration.deployment.images import ROOT, services
from tests.integration.deployment.world import ADDRESSES, Container, World, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(280)]

WORKERS = ("preprocess", "predict", "record", "deliver", "sweeper", "sweeper", "flower")
URL = f"http://{ADDRESSES['api']}:8000"


@pytest.fixture(scope="module")
def world(servers: World) -> World:
    """The database is migrated."""
    servers.run("migrate")
    return servers


@pytest.fixture(scope="module")
def key(world: World) -> str:
    """The first key, made as docs/21-one-server.md has it made."""
    command = ["python", "-m", "deploy.local", "keys", "create", "--scopes", "predict,read,admin"]
    return world.run("migrate", command).splitlines()[0]


@pytest.fixture(scope="module")
def system(world: World, key: str) -> World:
    """Every service of docker-compose.yml runs."""
    world.start("api")
    for name in WORKERS:
        world.start(name)
    eventually(lambda: health(world, key).get("status") == "ok", lambda: str(health(world, key)))
    return world


def asked(world: World, key: str, *what: str) -> object:
    """What `caller.py` found out from the host."""
    command = ["ip", "netns", "exec", world.network.hub, sys.executable, "-m"]
    done = subprocess.run(
        [*command, "tests.integration.deployment.caller", URL, *what],
        env=os.environ | {"QUEUECAST_API_KEY": key, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def health(world: World, key: str) -> dict[str, object]:
    return asked(world, key, "health")


def named(world: World, name: str) -> Container:
    """The container of a service that still runs."""
    living = [one for one in world.containers if one.process.poll() is None]
    return next(one for one in living if one.home.name.endswith(f"-{name}"))


def test_without_a_key_nobody_is_served(world: World) -> None:
    refused = world.start("api")
    assert refused.process.wait(30) == 2
    assert "there is no API key" in refused.output()


def test_redis_asks_for_its_password(world: World) -> None:
    code = f"import redis; redis.Redis('{ADDRESSES['redis']}', socket_timeout=2).ping()"
    stranger = world.start("migrate", ["python", "-c", code])
    assert stranger.process.wait(30) == 1
    assert "AuthenticationError" in stranger.output()


def test_jobs_are_predicted(system: World, key: str) -> None:
    assert asked(system, key, "predict", "30") == {"succeeded": 30}


def test_the_health_checks_of_the_files_pass(system: World) -> None:
    for name in sorted({"api", "postgres", *WORKERS}):
        kind, *command = services()[name]["healthcheck"]["test"]
        assert kind == "CMD"
        container = named(system, name)
        eventually(lambda c=container, h=command: not c.execute(h), lambda n=name: n)


def test_metrics_of_every_process_are_served(system: World, key: str) -> None:
    for name in ("api", "predict", "sweeper"):
        assert asked(system, key, "metrics", named(system, name).address)


def test_only_data_and_temporary_files_can_be_written(system: World) -> None:
    script = "touch /data/x /tmp/x && ! touch /srv/queuecast/app/x && ! touch /etc/x && rm /data/x"
    assert "Read-only file system" in system.run("predict", ["sh", "-c", script])


def test_a_worker_of_another_network_joins_and_takes_the_work(system: World, key: str) -> None:
    first = named(system, "predict")
    another = system.start("predict")
    eventually(lambda: health(system, key)["components"]["predict"]["workers"] == 2, another.output)
    first.kill()
    assert asked(system, key, "predict", "20") == {"succeeded": 20}
    assert another.process.poll() is None
