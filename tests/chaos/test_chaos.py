"""Faults at random, under load, on both databases: nothing is lost, nothing ends twice."""

import json

import pytest

from loadtests.chaos import report
from loadtests.chaos.run import Plan, run

QUICK = {"QUEUECAST_DISPATCH_GRACE_SECONDS": "3", "QUEUECAST_SWEEP_SECONDS": "0.3"}


def strike(plan: Plan, folder, capsys):
    with capsys.disabled():
        outcome = run(plan, folder, lambda line: None)
    assert outcome.struck
    assert outcome.found.broken == 0, json.dumps(report.as_json(outcome), indent=1)
    return outcome


@pytest.mark.fault("F44")
def test_300_jobs_and_one_seed(tmp_path, capsys) -> None:
    outcome = strike(Plan(300, 25.0, seed=1, settings=QUICK), tmp_path, capsys)
    assert outcome.found.attempts == 300


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.fault("F44")
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_1000_jobs(tmp_path, capsys, seed: int, database: str) -> None:
    strike(Plan(1000, 20.0, seed=seed, database=database), tmp_path, capsys)
