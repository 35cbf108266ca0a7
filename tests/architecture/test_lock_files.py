"""The lock files name versions and hashes of what is installed, and no place to fetch it from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
CLIENT_LOCKS = [
    str(lock.relative_to(ROOT))
    for pattern in (
        "tests/clients/*/*.lock",
        "deploy/docker/*.lock",
        "deploy/site/*.lock",
        "loadtests/swarm/*.lock",
    )
    for lock in ROOT.glob(pattern)
]


def requirements(lock):
    """Each entry with its hashes on one line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("lock", [*LOCKS, *CLIENT_LOCKS])
def test_no_lock_names_a_place(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i|-f)\b", text, re.MULTILINE)


@pytest.mark.parametrize("lock", [*LOCKS, *CLIENT_LOCKS])
def test_every_entry_has_an_exact_version_and_hashes(lock):
    for line in requirements(lock):
        assert re.match(r"^[a-z0-9][a-z0-9.-]*==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line


def test_the_dev_lock_holds_all_of_the_other():
    """Then one installation serves every command of ./run."""
    dev = {line.split()[0] for line in requirements("requirements-dev.lock")}
    assert {line.split()[0] for line in requirements("requirements.lock")} <= dev


@pytest.mark.parametrize(
    ("lock", "extras"),
    [(LOCKS[0], ["cli", "server"]), (LOCKS[1], ["cli", "server", "s3", "train", "dev"])],
)
def test_everything_that_the_project_declares_is_locked(lock, extras):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + [
        one for extra in extras for one in project["optional-dependencies"][extra]
    ]
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in declared}
    locked = {line.partition("==")[0] for line in requirements(lock)}
    assert names <= locked
