"""Limits of memory, tried in processes of their own."""

import subprocess
import sys

import pytest

from deploy.local.paths import ROOT
from workers.memory_limit import MemoryLimit, available_bytes, used_bytes

BOUND = """
from workers.memory_limit import MemoryLimit
MemoryLimit(200 << 20).bind()
try:
    bytearray(400 << 20)
except MemoryError:
    print(len(bytearray(50 << 20)) >> 20, "MiB still fit")
"""


@pytest.fixture(autouse=True)
def free(monkeypatch):
    """The tests' own process stays as it is."""
    monkeypatch.setattr(MemoryLimit, "bind", lambda _self: None)


def test_what_would_take_too_much_fails_and_the_process_lives_on():
    command = [sys.executable, "-c", BOUND]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "50 MiB still fit\n"


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_has_what_its_cgroup_says(tmp_path, name):
    (tmp_path / "memory").mkdir()
    machine = available_bytes(tmp_path)
    (tmp_path / name).write_text("max\n")
    assert available_bytes(tmp_path) == machine > 1 << 20
    (tmp_path / name).write_text(f"{1 << 20}\n")
    assert available_bytes(tmp_path) == 1 << 20


def test_a_process_that_has_grown_makes_room():
    limit = MemoryLimit(2 * used_bytes())
    limit.begin()
    assert not limit.is_reached
    ballast = bytearray(b"x" * used_bytes())
    assert limit.is_reached
    del ballast


def test_a_limit_that_never_held_replaces_nobody():
    limit = MemoryLimit(1)
    assert limit.is_reached
    limit.begin()
    assert not limit.is_reached
