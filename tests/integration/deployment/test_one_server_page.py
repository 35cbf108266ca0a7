"""The commands of docs/21-one-server.md for `./run up`, over servers that ask for passwords."""

import os
import re
import signal
import subprocess

import pytest

from tests.integration.deployment.images import ROOT
from tests.integration.deployment.world import ADDRESSES, World, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(200)]

PAGE = (ROOT / "docs" / "21-one-server.md").read_text()
ELSEWHERE = {
    "@127.0.0.1:5432": f"@{ADDRESSES['postgres']}:5432",
    "redis://127.0.0.1:6379": f"redis://queuecast@{ADDRESSES['redis']}:6379",
}


def start(world: World, *blocks: str) -> subprocess.Popen[str]:
    """The commands of these blocks, as somebody types them in a clone."""
    script = "".join(commands(block) for block in blocks)
    for here, there in ELSEWHERE.items():
        script = script.replace(here, there)
    clean = {name: text for name, text in os.environ.items() if not name.startswith("QUEUECAST_")}
    return subprocess.Popen(
        ["ip", "netns", "exec", world.network.hub, "bash", "-euo", "pipefail", "-c", script],
        cwd=world.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=clean | {"QUEUECAST_DATA_DIR": str(world.folder / "data")}, start_new_session=True,
    )  # fmt: skip


def commands(block: str) -> str:
    (script,) = re.findall(rf"^```sh {block}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(script)


def test_from_passwords_to_a_prediction_with_a_key(servers: World) -> None:
    for name in ("run", "models"):
        (servers.folder / name).symlink_to(ROOT / name)
    server = start(servers, "redis", "server")
    try:
        noted = servers.folder / "data" / "run.json"
        eventually(lambda: noted.exists() and '"ready"' in noted.read_text(), lambda: "not ready")
        said, _ = start(servers, "client").communicate(timeout=60)
        assert "digits" in said
        assert '"label": 3' in said
    finally:
        os.killpg(server.pid, signal.SIGINT)
        output, _ = server.communicate(timeout=60)
    assert "stopped" in output
    secrets = [file.read_text().strip() for file in (servers.folder / "secrets").iterdir()]
    assert not [secret for secret in secrets if secret in output]
