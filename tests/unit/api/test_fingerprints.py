"""Equal meaning, equal key; another meaning, another key."""

import json
import random
from typing import Any

import orjson
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from api import strict_json
from api.submission import parse_submission
from shared.jobs.new_job import fingerprint
from shared.settings import Settings

SETTINGS = Settings(redis_url="unix:///nowhere", data_dir="/nowhere")
INPUTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("abé", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries(
    {"model": st.sampled_from(["wine", "wine:1"]), "input": INPUTS},
    optional={
        "priority": st.sampled_from(["high", "normal", "low"]),
        "deadline_seconds": st.integers(1, 99),
        "metadata": st.dictionaries(st.text("ab", max_size=2), st.integers(0, 2), max_size=2),
    },
)


def shuffled(value: Any, randomly: random.Random) -> Any:
    """The same value with the keys of each object in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(part, randomly)) for key, part in value.items()]
        randomly.shuffle(pairs)
        return dict(pairs)
    return [shuffled(part, randomly) for part in value] if isinstance(value, list) else value


def keys(text: str) -> tuple[str, str]:
    """Of the input and of the whole request, as a submit makes them."""
    wanted = parse_submission(strict_json.loads(text.encode()), SETTINGS)
    canonical = orjson.dumps(wanted.input, option=orjson.OPT_SORT_KEYS)
    return fingerprint("default", "wine", canonical), fingerprint(wanted.canonical(canonical))


def meaning(body: dict[str, Any]) -> str:
    """A text that two requests share when they say the same; `null` and a default are unsaid."""
    unsaid = {"priority": "normal", "deadline_seconds": None, "metadata": None}
    said = unsaid | body
    if said["deadline_seconds"] is not None:
        said["deadline_seconds"] = float(said["deadline_seconds"])
    return json.dumps(said, sort_keys=True)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(BODIES, st.randoms(use_true_random=False), st.booleans())
def test_no_way_of_writing_changes_a_key(body: Any, randomly: Any, ascii: bool) -> None:
    other = json.dumps(shuffled(body, randomly), indent=1, ensure_ascii=ascii)
    assert keys(json.dumps(body)) == keys(other)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(BODIES, BODIES)
def test_another_request_has_another_key(one: Any, other: Any) -> None:
    assume(meaning(one) != meaning(other))
    assert keys(json.dumps(one))[1] != keys(json.dumps(other))[1]
    same_input = json.dumps(one["input"], sort_keys=True) == json.dumps(
        other["input"], sort_keys=True
    )
    assert (keys(json.dumps(one))[0] == keys(json.dumps(other))[0]) == same_input


@settings(max_examples=300, deadline=None, derandomize=True)
@given(*[st.lists(st.binary(max_size=3) | st.text("ab", max_size=3), max_size=4)] * 2)
def test_parts_do_not_run_into_each_other(one: Any, other: Any) -> None:
    encoded = [
        [part.encode() if isinstance(part, str) else part for part in x] for x in (one, other)
    ]
    assert (fingerprint(*one) == fingerprint(*other)) == (encoded[0] == encoded[1])
