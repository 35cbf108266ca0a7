"""What an output says, in a few columns: a label with its score, a number, or numbers in short.

Bounded, whatever a model answers: this is done for every job that ends.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

import orjson

LABELS = ("label", "class", "output_label")
SCORES = ("probabilities", "scores", "output_probability", "score", "probability", "confidence")

LABEL_MAX_CHARS = 64
NUMBER_MAX = 1e100
"""What is larger measures nothing, and PostgreSQL refuses to sum the squares of a few of it."""

LARGEST_BYTES = 16 << 10
FIELDS = 8
NUMBERS = 500
DEPTH = 8
"""An output that is larger is not looked at; of others so much is: a label takes 3 µs, no output
more than 0.2 ms."""


class Summary(NamedTuple):
    """`label` as text, `score` what the model gave it, `value` the one number of an output.

    Where there is neither, `summary` is JSON: count, least, greatest and mean by field.
    """

    label: str | None = None
    score: float | None = None
    value: float | None = None
    summary: bytes | None = None


NOTHING = Summary()


def summarize(output: bytes | None) -> Summary:
    """Of an output in JSON, as far as it is there."""
    if output is None or len(output) > LARGEST_BYTES:
        return NOTHING
    value = orjson.loads(output)
    if isinstance(value, dict):
        label = next((as_label(_bare(value[one])) for one in LABELS if one in value), None)
        if label is not None:
            return Summary(label, _score(value, label))
    return _numeric(value)


def as_label(value: Any) -> str | None:
    """A label as it is kept and compared: `3` and `"3"` are the same one; None for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        # PostgreSQL takes no NUL, and a job must not fail for its label.
        return str(value)[:LABEL_MAX_CHARS].replace("\x00", "\ufffd")
    return None


def is_number(value: Any) -> TypeGuard[float]:
    """Whether it is one that the log takes."""
    return isinstance(value, int | float) and type(value) is not bool and abs(value) <= NUMBER_MAX


def _score(output: dict[str, Any], label: str) -> float | None:
    found = _bare(next((output[one] for one in SCORES if one in output), None))
    if isinstance(found, dict):
        found = found.get(label)
    elif isinstance(found, list):
        found = max(filter(is_number, islice(found, NUMBERS)), default=None)
    return float(found) if is_number(found) else None


def _bare(value: Any) -> Any:
    """Without the dimensions that hold one element."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _numeric(output: Any) -> Summary:
    fields = output if isinstance(output, dict) else {"output": output}
    left, found = NUMBERS, {}
    for name, value in islice(fields.items(), FIELDS):
        numbers = list(islice(_numbers(value, DEPTH), left))
        left -= len(numbers)
        if numbers:
            found[str(as_label(name))] = numbers
    if [len(one) for one in found.values()] == [1]:
        return Summary(value=next(iter(found.values()))[0])
    if not found:
        return NOTHING
    return Summary(summary=orjson.dumps({name: _in_short(one) for name, one in found.items()}))


def _in_short(numbers: list[float]) -> dict[str, float]:
    mean = sum(numbers) / len(numbers)
    return {"count": len(numbers), "min": min(numbers), "max": max(numbers), "mean": mean}


def _numbers(value: Any, depth: int) -> Iterator[float]:
    if isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            if depth:
                yield from _numbers(one, depth - 1)
    elif is_number(value):
        yield float(value)
