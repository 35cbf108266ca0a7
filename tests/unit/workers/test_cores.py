import os

import pytest

from workers.cores import available_cores


@pytest.fixture
def machine() -> int:
    return len(os.sched_getaffinity(0))


@pytest.mark.parametrize("quota", ["max 100000", "garbage", "", "x y", "100000 0 0"])
def test_without_a_quota_the_mask_counts(tmp_path, machine, quota) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert available_cores(tmp_path / "cpu.max") == machine


def test_outside_of_a_container_the_mask_counts(tmp_path, machine) -> None:
    assert available_cores(tmp_path / "cpu.max") == machine


@pytest.mark.parametrize("quota", [("100000 100000", 1), ("50000 100000", 1), ("199999 100000", 1)])
def test_a_quota_is_rounded_down_but_never_to_none(tmp_path, quota) -> None:
    (tmp_path / "cpu.max").write_text(quota[0])
    assert available_cores(tmp_path / "cpu.max") == quota[1]


def test_a_large_quota_does_not_make_cores(tmp_path, machine) -> None:
    (tmp_path / "cpu.max").write_text("99900000 100000\n")
    assert available_cores(tmp_path / "cpu.max") == machine
