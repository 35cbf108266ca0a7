"""SQL expressions that each database writes in its own way."""

from typing import Any

from sqlalchemy import ColumnElement, Float, String, bindparam, case, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from shared.db.columns import JobIds


def later_of(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The later moment; none where `one` is none."""
    return case((one < other, other), else_=one)


class seconds_between(FunctionElement[float]):  # noqa: N801 - read as a function of SQL
    """From one moment to another, in seconds, exact to the microsecond."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(one, **options) for one in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end}) - ({begin}))"


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    """Moments are text there, `2026-01-02 12:00:00.000000`; its own functions round to 1 ms."""
    begin, end = (compiler.process(one, **options) for one in element.clauses)
    whole = f"(strftime('%s', substr({end}, 1, 19)) - strftime('%s', substr({begin}, 1, 19)))"
    return f"({whole} + (substr({end}, 21) - substr({begin}, 21)) / 1000000.0)"


class among(FunctionElement[Any]):  # noqa: N801 - read as a function of SQL
    """Whether a job's id is in the list that a parameter holds: one statement for all lengths."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=JobIds))


@compiles(among, "postgresql")
def _among_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY({ids})"


@compiles(among, "sqlite")
def _among_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - no values


class _Begins(FunctionElement[str]):
    """The first `chars` characters of a moment as ISO 8601 writes it, in UTC."""

    type = String()
    inherit_cache = True


def day_and_hour(moment: ColumnElement[Any], *, hour: bool) -> ColumnElement[str]:
    """`2026-01-02`, or with the hour `2026-01-02 12`: to group moments by."""
    return _Begins(moment, literal_column("13" if hour else "10"))


@compiles(_Begins, "postgresql")
def _begins_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    moment, chars = (compiler.process(one, **options) for one in element.clauses)
    return f"substr(to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'), 1, {chars})"


@compiles(_Begins, "sqlite")
def _begins_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    moment, chars = (compiler.process(one, **options) for one in element.clauses)
    return f"substr({moment}, 1, {chars})"
