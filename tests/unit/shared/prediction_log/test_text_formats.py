import csv
from datetime import UTC, datetime
from io import StringIO

import orjson
import pytest

from shared.prediction_log.export import COLUMNS
from shared.prediction_log.text_formats import csv_header, csv_lines, json_lines

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EMPTY = dict.fromkeys(COLUMNS)


def cell(value: object) -> str:
    text = (csv_header() + csv_lines([EMPTY | {"label": value}])).decode()
    [row] = csv.DictReader(StringIO(text, newline=""))
    return row["label"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-1+cmd|x", "＝1+1", "＠A1"],  # noqa: RUF001
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+1.5e-3", "a=b", 'say "x", or\ny', "é", ""])
def test_other_cells_are_as_they_were(text: str) -> None:
    assert cell(text) == text


def test_moments_and_numbers_are_written_alike() -> None:
    record = EMPTY | {"completed_at": NOON, "score": 0.5, "attempt": 1}
    [row] = csv.DictReader(StringIO((csv_header() + csv_lines([record])).decode()))
    [line] = map(orjson.loads, json_lines([record]).splitlines())
    assert row["completed_at"] == line["completed_at"] == "2026-01-02T12:00:00.000000Z"
    assert (row["score"], row["attempt"], row["value"]) == ("0.5", "1", "")
    assert (line["score"], line["attempt"], line["value"]) == (0.5, 1, None)
    assert list(row) == list(line) == list(COLUMNS)
