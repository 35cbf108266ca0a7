import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.batching import batches, bucket, split, stack, together_or_alone


def test_suspects_come_last_and_alone(add) -> None:
    bad, good, worse, better = add(crashes=1), add(), add(crashes=2), add()
    assert together_or_alone([bad, good, worse, better]) == [[good, better], [bad], [worse]]
    assert together_or_alone([bad]) == [[bad]]
    assert together_or_alone([]) == []


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [([1] * 9, [4, 4, 1]), ([2, 2, 1], [2, 1]), ([3, 3], [1, 1]), ([9, 1, 1], [1, 2]), ([], [])],
)
def test_batches_hold_as_many_rows_as_a_run_may_have(add, rows, sizes) -> None:
    jobs = [add(rows=count) for count in rows]
    made = batches(jobs, 4, 100)
    assert [len(batch) for batch in made] == sizes
    assert [one for batch in made for one in batch] == jobs


@pytest.mark.parametrize(
    ("weights", "sizes"), [([40, 60, 1], [2, 1]), ([500, 10, 90, 10], [1, 2, 1])]
)
def test_batches_hold_no_more_bytes_than_allowed(add, weights, sizes) -> None:
    jobs = [add(bytes(10), stored_bytes=weight - 10) for weight in weights]
    assert [len(batch) for batch in batches(jobs, 9, 100)] == sizes


def test_a_suspect_is_never_merged(add) -> None:
    bad, good, worse = add(crashes=1), add(), add(crashes=2)
    assert batches([bad, good, worse], 9, 100) == [[good], [bad], [worse]]


@pytest.mark.parametrize(
    "other",
    [
        {"x": np.ones((1, 2), np.float64)},
        {"x": np.ones((1, 3), np.float32)},
        {"y": np.ones((1, 2), np.float32)},
        {"x": np.ones((1, 2), np.float32), "y": np.ones(1)},
    ],
)
def test_what_differs_behind_the_rows_is_not_stacked(other) -> None:
    one = {"x": np.ones((1, 2), np.float32)}
    assert bucket(one) != bucket(other)
    assert bucket(one) == bucket({"x": np.zeros((9, 2), np.float32)})


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_split_undoes_stack(counts: list[int]) -> None:
    rows = [
        {"x": np.full((count, 2), i), "s": np.full(count, str(i), object)}
        for i, count in enumerate(counts)
    ]
    parts = split(stack(rows), counts)
    for part, row in zip(parts, rows, strict=True):
        assert {name: array.tolist() for name, array in part.items()} == {
            name: array.tolist() for name, array in row.items()
        }


@pytest.mark.parametrize("output", [np.ones(2), np.ones((4, 1)), np.float32(1)])
def test_a_model_that_answers_other_rows_than_asked_is_caught(output) -> None:
    with pytest.raises(ValueError, match="expected 3 rows"):
        split({"y": np.asarray(output)}, [1, 2])


@pytest.mark.parametrize("output", [np.ones(5), np.float32(1)])
def test_a_job_alone_gets_all_there_is(output) -> None:
    assert split({"y": output}, [3])[0]["y"] is output
