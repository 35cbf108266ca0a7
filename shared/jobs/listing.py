"""A page of a tenant's jobs, newest first: read from an index in its order, however many there are.

One filter has an index of its own, and its page is whole. Where several narrow the list further
than that index does, a page looks at `LOOKED_AT` jobs at most: it may be short, or empty, and says
where the next one goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    exists,
    or_,
    select,
    tuple_,
)

from shared.domain.states import State
from shared.jobs.metadata import metadata_table as metadata
from shared.jobs.store import has_status
from shared.jobs.table import job_table as job

LOOKED_AT = 2000
"""Jobs that one page looks at: 5 ms among a million."""

SUCCEEDED = (State.SUCCEEDED.value,)
"""The one status without an index of its own: it is most jobs'."""

Position = tuple[datetime, str]
"""Where a job stands in the list: `created_at`, `id`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which jobs to list; `before` and `after` are the neighbouring page's position.

    `since` and `until` are the first and the last moment of creation. `pairs` are hashes of
    metadata (see `metadata.pair`).
    """

    tenant: str
    limit: int
    model: str | None = None
    version: str | None = None
    status: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: Position | None = None
    after: Position | None = None


class Found(NamedTuple):
    """Up to `limit` rows, newest first; `edge` is the last job looked at when there are more."""

    rows: list[RowMapping]
    edge: Position | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """The index that is read in its order, by which conditions.

    `rest` is left to be looked at: columns of `job` with the values they may have; so are `pairs`.
    """

    created_at: ColumnElement[Any]
    id: ColumnElement[Any]
    found_by: list[ColumnElement[bool]]
    rest: dict[str, tuple[str, ...]]
    pairs: tuple[str, ...] = ()


def page(connection: Connection, wanted: Page) -> Found:
    source = _source(wanted)
    if not source.rest and not source.pairs:
        return Found(_rows(connection, wanted, _read(source, wanted, [*job.c])))
    looked_at = (source.created_at, source.id.label("id"), *(job.c[name] for name in source.rest))
    seen = _read(source, wanted, looked_at)
    found = seen.limit(LOOKED_AT).subquery()
    kept = [found.c[name].in_(values) for name, values in source.rest.items()]
    paired = [_has_pair(found.c.id, pair) for pair in source.pairs]
    statement = select(job).join(found, job.c.id == found.c.id).where(*kept, *paired)
    order = _order(wanted, found.c.created_at, found.c.id)
    rows = _rows(connection, wanted, statement.order_by(*order))
    if len(rows) == wanted.limit:
        return Found(rows)
    last = connection.execute(seen.offset(LOOKED_AT - 1).limit(1)).first()
    return Found(rows, (last.created_at, last.id) if last else None)


def _source(wanted: Page) -> _Source:
    filters = {"model": wanted.model, "version": wanted.version}
    rest = {"status": wanted.status} if wanted.status else {}
    rest |= {name: (value,) for name, value in filters.items() if value is not None}
    if wanted.pairs:
        first, *others = wanted.pairs
        by = [metadata.c.tenant == wanted.tenant, metadata.c.pair == first]
        return _Source(metadata.c.created_at, metadata.c.job_id, by, rest, tuple(others))
    by = [job.c.tenant == wanted.tenant]
    if wanted.version is not None:
        by += [job.c[name] == rest.pop(name)[0] for name in ("model", "version")]
    elif wanted.status and wanted.status != SUCCEEDED:
        by.append(or_(*map(has_status, rest.pop("status"))))
    elif wanted.model is not None:
        by += [job.c.model == rest.pop("model")[0]]
    return _Source(job.c.created_at, job.c.id, by, rest)


def _read(source: _Source, wanted: Page, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """These columns of the jobs, in the order of the source's index."""
    statement = select(*columns)
    if source.id is not job.c.id:
        statement = statement.select_from(metadata.join(job, job.c.id == source.id))
    bounds = (*source.found_by, *_bounds(wanted, source))
    return statement.where(*bounds).order_by(*_order(wanted, source.created_at, source.id))


def _order(wanted: Page, *place: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    return [one.desc() if wanted.after is None else one.asc() for one in place]


def _bounds(wanted: Page, source: _Source) -> Iterator[ColumnElement[bool]]:
    position = tuple_(source.created_at, source.id)
    if wanted.since is not None:
        yield source.created_at >= wanted.since
    if wanted.until is not None:
        yield source.created_at <= wanted.until
    if wanted.before is not None:
        yield position < _literal(wanted.before)
    if wanted.after is not None:
        yield position > _literal(wanted.after)


def _literal(position: Position) -> Any:
    moment, job_id = position
    return tuple_(
        bindparam(None, moment, job.c.created_at.type), bindparam(None, job_id, job.c.id.type)
    )


def _has_pair(job_id: ColumnElement[Any], pair: str) -> ColumnElement[bool]:
    return exists().where(metadata.c.job_id == job_id, metadata.c.pair == pair)


def _rows(connection: Connection, wanted: Page, statement: Select[Any]) -> list[RowMapping]:
    """Newest first, whichever way they were read."""
    rows = list(connection.execute(statement.limit(wanted.limit)).mappings())
    return rows if wanted.after is None else rows[::-1]
