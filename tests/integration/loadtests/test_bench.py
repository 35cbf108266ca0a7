"""The benchmark on real systems, small: it starts them, loads them, checks them and stops them."""

import json
import subprocess

import pytest
import redis

from deploy.local.embedded_redis import embedded_redis
from loadtests.bench import __main__ as bench
from loadtests.bench.arms import programs
from loadtests.bench.plan import Plan
from loadtests.bench.redis_counters import counters

TINY = Plan("tiny", rounds=1, tabular_jobs=100)


@pytest.fixture
def redis_url(tmp_path):
    log = tmp_path / "redis.log"
    with embedded_redis(log, {}, None) as server, programs.running(server.program) as child:
        programs.until(server.answers, child, log)
        yield server.url


def test_commands_in_scripts_count_as_commands_and_a_script_as_one_round_trip(redis_url):
    client = redis.Redis.from_url(redis_url)
    client.ping()
    before = counters(redis_url)
    for _ in range(10):
        client.eval("for i = 1, 5 do redis.call('INCR', 'x') end", 0)
    client.close()
    after = counters(redis_url)
    about_itself = 10  # greeting and INFO of the second look
    assert 60 <= after.commands - before.commands <= 60 + about_itself
    assert 10 <= after.reads - before.reads <= 10 + about_itself


@pytest.mark.long
def test_the_tabular_scenario_measures_every_arm_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "FULL", TINY)
    assert bench.main(["--only", "tabular", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "bench.json").read_text())
    speeds = {
        (one["arm"], one["case"]): one["figures"]["jobs_per_second"]["median"]
        for one in found["medians"]
    }
    assert {arm for arm, _ in speeds} == {"queuecast", "naive", "naive, SQL rows"}
    assert all(speed > 0 for speed in speeds.values())
    assert found["failures"] == []
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert {entry.name for entry in tmp_path.iterdir()} == {"bench.json", "bench.md", "bench.png"}
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, check=False)
    assert left.stdout == b""
