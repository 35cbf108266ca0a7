import pytest

from api.web import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.00042, "0.4 ms"), (0.0123, "12 ms"), (0.9996, "1 s"), (4.26, "4.3 s"),
        (59, "59 s"), (600, "10 min"), (7200, "2 h"), (3 * 86400, "3 d"),
    ],
)  # fmt: skip
def test_durations(value: float | None, text: str) -> None:
    assert wording.seconds(value) == text


def test_sizes_shares_and_amounts() -> None:
    assert [wording.size(one) for one in (12, 2048, 3 << 20)] == ["12 B", "2.0 KiB", "3.0 MiB"]
    assert [wording.percent(one) for one in (0, 0.1234, 1)] == ["0 %", "12.3 %", "100 %"]
    assert [wording.number(one) for one in (1234567, 1.5, 2.0)] == [
        "1\u2009234\u2009567",
        "1.5",
        "2",
    ]
