"""Triton's own HTTP client, in an environment of its own."""

from collections.abc import Callable


def test_it_finds_what_it_looks_for(system, run_client: Callable[..., str]) -> None:
    run_client("tritonclient", "checks.py", system.url)
