"""Replicate's own Python clients, each in an environment of its own."""

from collections.abc import Callable

import pytest


def test_what_it_asks_for_is_answered(system, run_client: Callable[..., str]) -> None:
    run_client("replicate", "checks.py", system.url)


@pytest.mark.long
def test_what_the_coming_one_asks_for_is_answered(system, run_client: Callable[..., str]) -> None:
    run_client("replicate_beta", "checks.py", system.url)


def test_it_verifies_the_webhooks_that_it_gets(system, run_client: Callable[..., str]) -> None:
    run_client("replicate", "webhook_checks.py", system.url)
