"""The prediction log as text: CSV that is safe to open in a spreadsheet, and JSON lines."""

import csv
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from io import StringIO
from typing import Any

import orjson

from shared.domain.prediction import wire_time
from shared.prediction_log.export import COLUMNS, Record

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - some spreadsheets narrow them
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

Encode = Callable[[Iterable[Record]], bytes]


def csv_header() -> bytes:
    return _lines([COLUMNS])


def csv_lines(records: Iterable[Record]) -> bytes:
    """RFC 4180. An apostrophe stands before a text that a spreadsheet would take for a formula."""
    return _lines([_cell(value) for value in one.values()] for one in records)


def json_lines(records: Iterable[Record]) -> bytes:
    return b"".join(orjson.dumps(_plain(one)) + b"\n" for one in records)


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_time(value)
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _plain(record: Record) -> Record:
    return {
        name: wire_time(value) if isinstance(value, datetime) else value
        for name, value in record.items()
    }
