from typing import Any

import pytest

from api.inference_protocol.options import read_options
from shared.errors import InvalidInput
from shared.settings import Settings


@pytest.mark.parametrize(
    ("given", "priority"),
    [(0, "normal"), (1, "high"), (2, "normal"), (3, "low"), (9, "low"), ("high", "high")],
)
def test_a_lower_number_goes_first(settings: Settings, given: Any, priority: str) -> None:
    assert read_options({"priority": given}, settings).priority == priority


def test_without_a_timeout_the_setting_bounds_the_wait(settings: Settings) -> None:
    options = read_options({}, settings)
    assert (options.deadline_seconds, options.wait_seconds) == (None, 50)


def test_a_timeout_in_microseconds_bounds_job_and_wait(settings: Settings) -> None:
    options = read_options({"timeout": 1_500_000}, settings)
    assert (options.deadline_seconds, options.wait_seconds) == (1.5, 1.5)


def test_no_timeout_waits_longer_than_the_setting(settings: Settings) -> None:
    options = read_options({"timeout": 1 << 62}, settings)
    assert (options.deadline_seconds, options.wait_seconds) == (7 * 86400, 50)


@pytest.mark.parametrize(
    "parameters",
    [{"timeout": -1}, {"timeout": 0.5}, {"timeout": True}, {"priority": -1}, {"priority": "top"}],
)
def test_other_values_are_refused(settings: Settings, parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="/parameters/"):
        read_options(parameters, settings)
