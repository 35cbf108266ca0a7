"""Statements of the hot paths: Core composes them, once; the driver gets text and tuples.

To find a statement in SQLAlchemy's cache, to bind its values and to wrap its rows takes several
times as long as SQLite takes for it: 0.3 ms where caches are cold, as they are between two jobs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update

Values = Mapping[str, Any]
Statement = Select[Any] | Insert | Update
_Processor = tuple[int, Callable[[Any], Any]]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as one driver takes it, with what its types do to values and to rows."""

    sql: str
    values: Callable[[Values], Sequence[Any]]
    binds: list[_Processor]
    columns: tuple[str, ...]
    reads: list[_Processor]

    def bound(self, values: Values) -> tuple[Any, ...]:
        return _processed(self.values(values), self.binds)

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return _processed(row, self.reads)

    def for_many(self, rows: int) -> str:
        """Of an INSERT: with so many rows of values."""
        head, values, rest = self.sql.partition(" VALUES ")
        end = rest.index(")") + 1
        return head + values + ", ".join([rest[:end]] * rows) + rest[end:]


class Prepared:
    """One statement, for any values; errors are SQLAlchemy's.

    Every value stands behind a name, in all rows of values the same names; a list of ids is one
    value (see `expressions.among`).
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], _Text] = {}

    def select(self, connection: Connection, **values: Any) -> list[dict[str, Any]]:
        text = self._text(connection, values)
        found = connection.exec_driver_sql(text.sql, text.bound(values))
        return [dict(zip(text.columns, text.read(row), strict=True)) for row in found]

    def insert(self, connection: Connection, rows: Sequence[Values]) -> list[Any]:
        """All rows in one statement; answers the one column that it returns."""
        text = self._text(connection, rows[0])
        values = tuple(chain.from_iterable(text.bound(row) for row in rows))
        found = connection.exec_driver_sql(text.for_many(len(rows)), values)
        return [text.read(row)[0] for row in found]

    def execute(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Once for each of the rows."""
        text = self._text(connection, rows[0])
        bound = [text.bound(row) for row in rows]
        connection.exec_driver_sql(text.sql, bound if len(bound) > 1 else bound[0])

    def _text(self, connection: Connection, values: Values) -> _Text:
        key = (connection.dialect.name, *values)
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = _text(self._statement, connection.dialect, list(values))
        return found


def _processed(values: Sequence[Any], processors: list[_Processor]) -> tuple[Any, ...]:
    changed = list(values)
    for place, process in processors:
        changed[place] = process(changed[place])
    return tuple(changed)


def _text(statement: Statement, dialect: Dialect, names: list[str]) -> _Text:
    columns = None if isinstance(statement, Select) else names
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
    places = compiled.positiontup
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    given = [compiled.binds[name].type.dialect_impl(dialect) for name in places]
    binds = ((place, one.bind_processor(dialect)) for place, one in enumerate(given))
    returned = list(statement.exported_columns)
    kinds = [one.type.dialect_impl(dialect) for one in returned]
    reads = ((place, one.result_processor(dialect, None)) for place, one in enumerate(kinds))
    return _Text(
        str(compiled),
        _in_order(places, fixed),
        [(place, process) for place, process in binds if process],
        tuple(str(one.key) for one in returned),
        [(place, process) for place, process in reads if process],
    )


def _in_order(places: Sequence[str], fixed: Values) -> Callable[[Values], Sequence[Any]]:
    """Takes values to their places; `fixed` are those that the statement itself holds."""
    if fixed or len(places) == 1:
        return lambda values: [values[one] if one in values else fixed[one] for one in places]
    return itemgetter(*places)
