"""What the command prints: results on stdout, progress and errors on stderr.

As text, a terminal gets tables and colours, a pipe gets tab-separated lines. As JSON, stdout holds
one document a line and an error is one problem document (RFC 9457) on stderr.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from queuecast.bulk import Outcome
from queuecast.errors import QueuecastError
from queuecast.log_results import LoggedPrediction, Measures
from queuecast.results import Delivery, File, Model, Prediction, Result
from queuecast.wording import (
    DELIVERY_COLUMNS,
    FILE_COLUMNS,
    LOG_COLUMNS,
    MEASURE_COLUMNS,
    MODEL_COLUMNS,
    PREDICTION_COLUMNS,
    delivery_row,
    file_row,
    log_row,
    measure_row,
    model_row,
    prediction_row,
    printable,
    summary,
    value,
)

R = TypeVar("R", bound=Result)

_STYLES = {"succeeded": "green", "failed": "red", "canceled": "yellow"}


@dataclass(frozen=True)
class Screen:
    as_json: bool
    out: Console = field(default_factory=Console)
    log: Console = field(default_factory=lambda: Console(stderr=True))

    def error(self, error: QueuecastError) -> None:
        if self.as_json:
            _write(self.log.file, json.dumps(error.problem()))
        else:
            self.note(f"queuecast: {printable(str(error))}")

    def note(self, line: str) -> None:
        """One line on stderr."""
        _write(self.log.file, line)

    def outcome(self, prediction: Prediction) -> None:
        """Of a success the output alone, for pipes to read; one line about it on stderr."""
        if self.as_json:
            self.document(prediction)
            return
        if prediction.succeeded:
            self.out.print_json(data=prediction.output)
        self.note(summary(prediction))

    def accepted(self, prediction: Prediction) -> None:
        """The id alone, so that a shell variable can hold it."""
        if self.as_json:
            self.document(prediction)
        else:
            _write(self.out.file, prediction.id)

    def ended(self, prediction: Prediction) -> None:
        """Its id and what it has come to."""
        if self.as_json:
            self.document(prediction)
        else:
            _write(self.out.file, f"{prediction.id}\t{prediction.status}")

    def one_of_many(self, number: int, outcome: Outcome, line: str | None) -> None:
        """`line`, or `null` where there is none: then stderr says why. As JSON the outcome."""
        if self.as_json and isinstance(outcome, Prediction):
            self.document(outcome)
        elif self.as_json and isinstance(outcome, QueuecastError):
            _write(self.out.file, json.dumps(outcome.problem()))
        else:
            _write(self.out.file, "null" if line is None else line)
            if line is None:
                why = summary(outcome) if isinstance(outcome, Prediction) else str(outcome)
                self.note(f"input {number}: {printable(why)}")

    def details(self, result: Result) -> None:
        """Every field that was told, one a line."""
        if self.as_json:
            self.document(result)
            return
        for name, told in _plain(result).items():
            if told is not None and told not in ({}, []):
                _write(self.out.file, f"{name:<16}{value(told)}")

    def predictions(self, found: Iterable[Prediction]) -> None:
        self._list(found, PREDICTION_COLUMNS, prediction_row)

    def models(self, found: Iterable[Model]) -> None:
        self._list(found, MODEL_COLUMNS, model_row)

    def files(self, found: Iterable[File]) -> None:
        self._list(found, FILE_COLUMNS, file_row)

    def deliveries(self, found: Iterable[Delivery]) -> None:
        self._list(found, DELIVERY_COLUMNS, delivery_row)

    def logged(self, found: Iterable[LoggedPrediction]) -> None:
        self._list(found, LOG_COLUMNS, log_row)

    def measures(self, found: Iterable[Measures]) -> None:
        self._list(found, MEASURE_COLUMNS, measure_row)

    def uploaded(self, file: File) -> None:
        """The URL alone, so that a shell variable can hold it."""
        if self.as_json:
            self.document(file)
        else:
            _write(self.out.file, file.url)

    def document(self, result: Result) -> None:
        _write(self.out.file, json.dumps(_plain(result)))

    def _list(
        self, found: Iterable[R], columns: Sequence[str], row: Callable[[R], Sequence[str]]
    ) -> None:
        if self.as_json:
            _write(self.out.file, json.dumps([_plain(result) for result in found]))
        elif self.out.is_terminal:
            self.out.print(_table(columns, map(row, found)))
        else:
            for result in found:
                _write(self.out.file, "\t".join(row(result)))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    table.columns[0].no_wrap = True  # an id that is cut short is of no use
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return table


def _plain(result: Result) -> dict[str, Any]:
    return result.model_dump(mode="json", exclude_unset=True)


def _write(file: IO[str], line: str) -> None:
    """Past rich, which would expand tabs and wrap."""
    file.write(f"{line}\n")
    file.flush()
