"""A system that others could reach: what it asks for, and what its files say afterwards."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from queuecast import Client, NotAuthorized, NotFound

pytestmark = pytest.mark.long


def run_keys(data_dir: Path, *words: str) -> str:
    command = [sys.executable, "-m", "deploy.local", "keys", *words, "--data-dir", str(data_dir)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_keys_from_the_first_to_the_last(own_system: Callable[..., object], tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    acme = run_keys(data_dir, "create", "--tenant", "acme")
    other = run_keys(data_dir, "create", "--tenant", "other", "--scopes", "predict,read,admin")
    wrong = f"{acme[:-7]}{other[-7:]}"
    system = own_system("--host", "0.0.0.0", "--api-processes", "2")
    url = system.state["api_url"]
    with Client(url, acme) as client, Client(url, other) as foreign, Client(url, wrong) as nobody:
        wine = client.model("wine").example
        job = client.submit("wine", wine)
        assert client.wait(job, 30).succeeded
        with pytest.raises(NotFound):
            foreign.get(job.id)
        with pytest.raises(NotAuthorized):
            nobody.models()
    # In the path, the query and a header of its own: where somebody may put it by mistake.
    for path in (f"/{acme}", f"/api/v1/models?key={acme}"):
        httpx2.get(f"{url}{path}", headers={"X-Key": acme})
    assert system.stop() == 0
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len([file for file in written if file.suffix == ".log"]) >= 7
    for key in (acme, other, wrong):
        secret = key[19:].encode()
        assert [file.name for file in written if secret in file.read_bytes()] == []
