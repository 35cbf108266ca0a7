from typing import Any

import pytest

from api.web.distribution import COLOURS, OTHERS, picture


def row(at: str, label: str | None, count: int) -> dict[str, Any]:
    return {"at": at, "label": label, "count": count}


def test_columns_are_stacked_by_how_frequent_a_label_is() -> None:
    found = picture({"over_time": [row("1", "a", 2), row("1", "b", 6), row("2", "a", 1)]})
    assert found.labels == (("b", 0, 6), ("a", 1, 3))
    first, second = found.columns
    assert [(one.label, one.y, one.height) for one in first.blocks] == [
        ("b", 25, 75), ("a", 0, 25)
    ]  # fmt: skip
    assert second.blocks[0].height == pytest.approx(12.5)


def test_rare_labels_share_a_colour() -> None:
    found = picture({"over_time": [row("1", str(one), 100 - one) for one in range(COLOURS + 3)]})
    assert found.labels[-1][:2] == (OTHERS, COLOURS)
    assert sum(one.height for one in found.columns[0].blocks) == pytest.approx(100, abs=0.1)


def test_outputs_without_a_label_have_no_picture() -> None:
    assert picture({"over_time": [row("1", None, 5)]}).columns == ()
