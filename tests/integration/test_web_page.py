"""The web page in a real Chromium: scripts of tests/clients/browser."""

import fcntl
import http.server
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from queuecast import Client
from shared.domain.ids import new_job_id
from tests.conftest import CLIENTS, ENVIRONMENTS

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FOLDER = CLIENTS / "browser"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc", "unpack.mjs")


@pytest.fixture(scope="session")
def chromium() -> None:
    """Tells the scripts where a Chromium and axe-core are: from npm, which needs no root.

    A Chromium that is installed is preferred. axe-core is a package in any case.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("not run: no Chromium to be had, for there is no npm to fetch one")
    home = _packages()
    installed = next((found for one in INSTALLED if (found := shutil.which(one))), None)
    os.environ["CHROMIUM"] = installed or str(home / "chromium")
    os.environ["AXE"] = str(home / "node_modules" / "axe-core" / "axe.min.js")
    if installed is None:
        os.environ["LD_LIBRARY_PATH"] = str(home / "lib")


def _packages() -> Path:
    """The folder of the npm packages, made when it is first asked for, and kept."""
    key = sha256(b"".join((FOLDER / name).read_bytes() for name in NPM_FILES)).hexdigest()[:12]
    home = ENVIRONMENTS / f"browser-npm-{key}"
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / "browser-npm.guard").open("ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            for name in NPM_FILES:
                shutil.copy(FOLDER / name, home)
            for command in (["npm", "ci"], ["node", "unpack.mjs", "."]):
                done = subprocess.run(
                    command, cwd=home, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)
            (home / "complete").touch()
    return home


@pytest.fixture
def letter(system, client) -> str:
    """The id of a dead letter: a job that went well, written once more as one that did not."""
    job = client.wait(client.submit("wine", client.model("wine").example))
    letter = new_job_id()
    died = {"id": f"'{letter}'", "status": "'failed'", "error_code": "'worker_lost'"}
    died |= {"output": "NULL", "idempotency_key": "NULL"}
    with closing(sqlite3.connect(system.data_dir / "queuecast.db", timeout=10)) as database:
        names = [column for _, column, *_ in database.execute("PRAGMA table_info(job)")]
        values = ", ".join(died.get(name, name) for name in names)
        database.execute(f"INSERT INTO job SELECT {values} FROM job WHERE id = ?", (job.id,))
        database.commit()
    return letter


@pytest.fixture
def receiver() -> Iterator[str]:
    """A server that takes every webhook, but those to a path with `gone` in it."""

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(410 if "gone" in self.path else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def test_a_sample_is_predicted_on_a_phone(system, chromium, run_client) -> None:
    run_client("browser", "smoke.py", system.url)


@pytest.mark.long
def test_every_page_wide_and_narrow_light_and_dark(
    system, client, chromium, run_client, receiver: str
) -> None:
    job = client.wait(client.submit("wine", client.model("wine").example))
    send_webhooks(client, receiver)
    run_client("browser", "pages.py", system.url, job.id, seconds=180)


def send_webhooks(client: Client, receiver: str) -> None:
    """One that is delivered, and two to receivers in trouble, at URLs of some length."""
    nobody = "http://127.0.0.1:9/hook"
    for url, ends in ((receiver, "delivered"), (f"{receiver}/gone", "failed"), (nobody, "pending")):
        wine = client.model("wine").example
        job = client.submit("wine", wine, webhook=f"{url}/{'a-long-path/' * 20}")
        until = time.monotonic() + 20
        while not (found := client.deliveries(job)) or not found[0].attempts:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert found[0].status == ends


@pytest.mark.long
def test_what_people_do_on_the_pages(
    system, chromium, run_client, receiver: str, letter: str
) -> None:
    run_client("browser", "actions.py", system.url, receiver, letter, seconds=120)


@pytest.mark.long
def test_with_a_key_people_sign_in(
    own_system, tmp_path, chromium, run_client, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "deploy.local", "keys", "create", "--data-dir"]
    made = subprocess.run(
        [*command, str(tmp_path / "data")], check=True, capture_output=True, text=True
    )
    monkeypatch.setenv("QUEUECAST_KEYS_REQUIRED", "true")
    monkeypatch.setenv("KEY", made.stdout.strip())
    run_client("browser", "keyed.py", own_system().url)
