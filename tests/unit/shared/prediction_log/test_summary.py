import orjson
import pytest

from shared.prediction_log.summary import LARGEST_BYTES, NOTHING, NUMBERS, Summary, summarize

LABELED = {
    "by name": ({"label": "rose", "probabilities": {"rose": 0.75, "oak": 0.25}}, ("rose", 0.75)),
    "a number": ({"label": 3, "probabilities": {"3": 0.5}}, ("3", 0.5)),
    "tensors": ({"label": [1], "probabilities": [[0.25, 0.75]]}, ("1", 0.75)),
    "a score": ({"class": "oak", "confidence": 0.5}, ("oak", 0.5)),
    "alone": ({"label": True}, ("true", None)),
    "of no class": ({"label": "rose", "probabilities": {"oak": 0.25}}, ("rose", None)),
    "long": ({"label": "x" * 99}, ("x" * 64, None)),
    "unstorable": ({"label": "a\x00b"}, ("a\ufffdb", None)),
}


@pytest.mark.parametrize(("output", "said"), LABELED.values(), ids=LABELED.keys())
def test_a_label_comes_with_its_score(output: object, said: tuple[str, float | None]) -> None:
    assert summarize(orjson.dumps(output)) == Summary(*said)


@pytest.mark.parametrize("output", [2.5, {"price": [[2.5]]}, {"price": 2.5, "unit": "EUR"}])
def test_one_number_is_the_value(output: object) -> None:
    assert summarize(orjson.dumps(output)) == Summary(value=2.5)


def test_many_numbers_are_told_in_short() -> None:
    found = summarize(orjson.dumps({"a": [[1, 2], [3, 6]], "b": {"c": 5}, "d": "text"}))
    assert found.summary is not None
    assert orjson.loads(found.summary) == {
        "a": {"count": 4, "min": 1.0, "max": 6.0, "mean": 3.0},
        "b": {"count": 1, "min": 5.0, "max": 5.0, "mean": 5.0},
    }


def test_only_the_first_numbers_are_looked_at() -> None:
    found = summarize(orjson.dumps({"a": [1] * (NUMBERS + 9), "b": [1]}))
    assert found.summary is not None
    assert orjson.loads(found.summary).keys() == {"a"}
    assert orjson.loads(found.summary)["a"]["count"] == NUMBERS


@pytest.mark.parametrize(
    "output", [None, b'"text"', b"[]", b"null", b"-1e101", b"[" * 200 + b"1" + b"]" * 200]
)
def test_of_other_outputs_nothing_is_said(output: bytes | None) -> None:
    assert summarize(output) == NOTHING


def test_a_large_output_is_not_read() -> None:
    assert summarize(b'{"label":"' + b"x" * LARGEST_BYTES + b'"}') == NOTHING
