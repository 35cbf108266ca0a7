"""The wheel is the client alone, with the dependencies that it states."""

import email.message
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

import queuecast

ROOT = Path(queuecast.__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Built by the build backend alone, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_it_holds_the_client_and_its_metadata_only(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"queuecast", f"queuecast-{queuecast.__version__}.dist-info"}


def test_it_holds_every_file_of_the_client(wheel):
    sources = {f"queuecast/{path.name}" for path in (ROOT / "queuecast").glob("*.py")}
    assert sources | {"queuecast/py.typed"} <= set(wheel.namelist())


def test_the_library_needs_httpx2_and_pydantic_only(metadata):
    stated = metadata.get_all("Requires-Dist", [])
    needed = [line for line in stated if "extra ==" not in line]
    assert sorted(line.split("<")[0].split(">")[0].strip() for line in needed) == [
        "httpx2",
        "pydantic",
    ]


def test_the_rest_comes_as_extras(metadata):
    assert set(metadata.get_all("Provides-Extra", [])) == {"cli", "server", "s3", "train", "dev"}


def test_it_installs_the_command(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "queuecast = queuecast.command_line:main" in wheel.read(name).decode()
