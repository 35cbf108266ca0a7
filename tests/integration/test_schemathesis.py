"""schemathesis on our OpenAPI document and the running system, in an environment of its own.

All of its checks, all of its phases: no failure, no status that the document does not name.
"""

from collections.abc import Callable

import pytest


def test_the_document_tells_what_the_system_does(system, run_client: Callable[..., str]) -> None:
    """The same requests each time."""
    assert "No issues found" in run_client("schemathesis", "checks.py", system.url, "15", "1")


@pytest.mark.long
def test_it_does_so_for_longer(system, run_client: Callable[..., str]) -> None:
    """Other requests each time: what fails says its seed."""
    assert "No issues found" in run_client("schemathesis", "checks.py", system.url, "80")
