"""What stands in the blob store survives what the jobs survive."""

import pytest
from sqlalchemy import select

from shared.db.engine import create_database_engine, reading
from shared.jobs.table import job_table

JOBS = 60
SIZE = 70_000
PATIENCE_SECONDS = 60.0


@pytest.mark.long
@pytest.mark.parametrize("fault", ["predict", "record"])
def test_every_recorded_output_is_there(own_system, fault: str) -> None:
    system = own_system()
    with system.client() as client:
        jobs = [client.submit("fragile", {"x": float(n), "padding": SIZE}) for n in range(JOBS)]
        system.kill(fault)
        done = [client.wait(job, timeout_seconds=PATIENCE_SECONDS) for job in jobs]
    assert [one.output["y"] for one in done] == [2.0 * n for n in range(JOBS)]
    assert {len(one.output["padding"]) for one in done} == {SIZE}
    engine = create_database_engine(system.state["database_url"])
    with reading(engine) as connection:
        references = set(connection.execute(select(job_table.c.output_ref)).scalars())
    engine.dispose()
    assert len(references) == JOBS
    assert all((system.data_dir / "blobs" / reference).exists() for reference in references)
