"""Files of the prediction log in each format, written as rows come."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from shared.prediction_log.export import COLUMNS, Kind, Record
from shared.prediction_log.text_formats import csv_header, csv_lines, json_lines

GROUP_ROWS = 20_000
GROUP_BYTES = 16 << 20
"""So much is in memory before it becomes a row group of Parquet."""

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.WHOLE: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
}
SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in COLUMNS.items()])


class Writer(Protocol):
    def write(self, records: Sequence[Record]) -> None: ...

    def close(self) -> None:
        """Only then the file is whole."""


class ParquetWriter:
    def __init__(self, path: Path) -> None:
        self._file: Any = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._rows: list[Record] = []
        self._bytes = 0

    def write(self, records: Sequence[Record]) -> None:
        self._rows += records
        self._bytes += sum(len(one["output"] or "") + len(one["input"] or "") for one in records)
        if len(self._rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
        self._rows, self._bytes = [], 0


class TextWriter:
    def __init__(
        self, path: Path, encode: Callable[[Sequence[Record]], bytes], header: bytes = b""
    ) -> None:
        self._file = path.open("wb")
        self._file.write(header)
        self._encode = encode

    def write(self, records: Sequence[Record]) -> None:
        self._file.write(self._encode(records))

    def close(self) -> None:
        self._file.close()


WRITERS: dict[str, Callable[[Path], Writer]] = {
    "parquet": ParquetWriter,
    "csv": lambda path: TextWriter(path, csv_lines, csv_header()),
    "jsonl": lambda path: TextWriter(path, json_lines),
}
