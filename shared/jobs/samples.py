"""Inputs of jobs that have just ended, drawn for the prediction log."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from shared.domain.serving import Sampling, Served
from shared.jobs.table import job_table as job
from shared.prediction_log import samples


class Sampler:
    """Costs a job of a model that keeps no inputs nothing."""

    def __init__(self, served: Served) -> None:
        self._of: dict[str, Sampling] = {
            name: serving.sampling for name, serving in served.items() if serving.sampling
        }

    def sample(self, connection: Connection, ended: Sequence[tuple[str, str]]) -> None:
        """Of jobs by model and id whose log rows this transaction has written."""
        drawn = {
            job_id: self._of[model]
            for model, job_id in (ended if self._of else ())
            if model in self._of and samples.is_drawn(job_id, self._of[model])
        }
        if drawn:
            found = inputs(connection, list(drawn))
            kept = [
                (job_id, samples.redacted(data, drawn[job_id]))
                for job_id, data in found
                if len(data) <= drawn[job_id].max_bytes
            ]
            samples.write(connection, kept)


def inputs(connection: Connection, job_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Those that stand in the rows of the jobs; a large one does not."""
    statement = select(job.c.id, job.c.input).where(job.c.id.in_(job_ids), job.c.input.is_not(None))
    return [(job_id, data) for job_id, data in connection.execute(statement)]
