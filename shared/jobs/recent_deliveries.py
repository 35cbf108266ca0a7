"""The webhooks of a tenant's newest jobs."""

from sqlalchemy import Connection, RowMapping, select

from shared.jobs.table import job_table as job
from shared.webhooks.table import delivery_table as delivery

LOOKED_AT = 1000
"""Jobs, the newest ones: 5 ms among a million."""


def recent_deliveries(connection: Connection, tenant: str, limit: int) -> list[RowMapping]:
    """Newest job first; read from the index of the jobs, and from that of each one's webhooks."""
    newest = (
        select(job.c.id, job.c.created_at)
        .where(job.c.tenant == tenant)
        .order_by(job.c.created_at.desc(), job.c.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    statement = (
        select(delivery)
        .join(newest, delivery.c.job_id == newest.c.id)
        .order_by(newest.c.created_at.desc(), newest.c.id.desc(), delivery.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(statement).mappings())
