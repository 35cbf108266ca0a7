"""Tiny real child processes instead of fakes: what is tested is what the kernel does."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.children import Program
from deploy.local.paths import ROOT
from deploy.local.stop_signals import StopSignals
from deploy.local.supervisor import Supervisor, Timing

MakeProgram = Callable[..., Program]
FAST = Timing(first_pause_seconds=0.01, longest_pause_seconds=0.04, grace_seconds=10)


@pytest.fixture
def make_program(tmp_path: Path) -> MakeProgram:
    def make(code: str, name: str = "child", *, stops_last: bool = False) -> Program:
        log = tmp_path / f"{name}.log"
        command = (sys.executable, "-c", code)
        return Program(name, name, command, dict(os.environ), log, stops_last=stops_last)

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until a condition holds, ten seconds at most."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "it did not come true within 10 s"
            time.sleep(0.01)

    return wait


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    with StopSignals() as entered:
        yield entered


@dataclass
class Stage:
    """A supervisor, and what it said and reported."""

    signals: StopSignals
    timing: Timing = FAST
    said: list[str] = field(default_factory=list)
    deaths: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(
            self.signals,
            say=self.said.append,
            on_death=lambda program, pid: self.deaths.append((program.name, pid)),
            timing=self.timing,
        )
        self.supervisor.ready = True


@pytest.fixture
def make_stage(signals: StopSignals) -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(timing: Timing = FAST) -> Stage:
        stages.append(Stage(signals, timing))
        return stages[-1]

    yield make
    for stage in stages:
        stage.supervisor.stop()


@pytest.fixture
def checkout() -> Path:
    return ROOT
