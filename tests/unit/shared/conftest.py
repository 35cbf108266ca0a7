from collections.abc import Callable

import pytest

from shared.domain.prediction import Snapshot
from shared.jobs.new_job import NewJob


@pytest.fixture
def snapshot(new_job: Callable[..., NewJob]) -> Snapshot:
    """A new job as Redis holds it."""
    return new_job().snapshot(1024)
