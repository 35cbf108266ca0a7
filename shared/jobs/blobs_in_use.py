"""Which blobs jobs still need."""

from collections.abc import Collection

from sqlalchemy import Connection, literal_column, select

from shared.jobs.table import job_table as job
from shared.payloads.references import writer


def needed(connection: Connection, references: Collection[str]) -> set[str]:
    """Those that a row refers to, or that the present attempt of an unfinished job has written.

    Of an input that was stored a moment ago no row may tell yet: ask for old ones only.
    """
    # In this order: an output that is recorded meanwhile is found by the second question.
    return _on_their_way(connection, references) | _referred_to(connection, references)


def _on_their_way(connection: Connection, references: Collection[str]) -> set[str]:
    writers = {reference: found for reference in references if (found := writer(reference))}
    job_ids = {job_id for job_id, _ in writers.values()}
    statement = select(job.c.id, job.c.attempt).where(
        job.c.id.in_(job_ids), job.c.status == literal_column("'queued'")
    )
    current = {(job_id, attempt) for job_id, attempt in connection.execute(statement)}
    return {reference for reference, found in writers.items() if found in current}


def _referred_to(connection: Connection, references: Collection[str]) -> set[str]:
    found: set[str] = set()
    for column in (job.c.input_ref, job.c.output_ref):
        found |= set(connection.execute(select(column).where(column.in_(references))).scalars())
    return found
