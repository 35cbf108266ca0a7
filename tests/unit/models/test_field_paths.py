from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from models.field_paths import is_declared


class Visit(BaseModel):
    who: str
    again: "list[Visit] | None" = None


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(alias="fullName")
    visits: list[Visit] | None = None
    notes: dict[str, Visit] = {}
    pair: tuple[Visit, int] | None = None
    free: Any = None
    loose: dict = {}
    many: list = []


SCHEMA = Input.model_json_schema()


@pytest.mark.parametrize(
    "path",
    [
        "fullName", "visits", "visits.who", "visits.again.again.who", "notes.anybody.who",
        "pair.who", "free.any.thing", "loose.any.thing", "many.any",
    ],
)  # fmt: skip
def test_a_field_that_can_be_there_is_declared(path: str) -> None:
    assert is_declared(path, SCHEMA)


@pytest.mark.parametrize(
    "path",
    [
        "name", "fulName", "fullName.first", "visits.wo", "visits.again.wo", "notes.anybody.wo",
        "pair.wo",
    ],
)  # fmt: skip
def test_a_misspelled_one_is_not(path: str) -> None:
    assert not is_declared(path, SCHEMA)


def test_what_is_only_not_forbidden_is_not_declared() -> None:
    assert not is_declared("wo", Visit.model_json_schema())


def test_a_list_of_itself_ends() -> None:
    nested = {"$ref": "#/$defs/Nested"}
    definitions = {"Nested": {"type": "array", "items": nested}}
    assert not is_declared("name", nested | {"$defs": definitions})


@pytest.mark.parametrize(("open_to", "declared"), [({}, True), ({"items": False}, False)])
def test_a_list_without_elements_told_of_takes_any(open_to, declared: bool) -> None:
    assert is_declared("name", {"type": "array", **open_to}) is declared
