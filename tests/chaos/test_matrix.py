"""No fault is forgotten: each has a test, or a reason why there is none."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def load_matrix():
    spec = importlib.util.spec_from_file_location("matrix", HERE / "matrix.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MATRIX = load_matrix()
SWITCHED_OFF = re.findall(
    r"^\| (F\d+[\dF, ]*) \| ([^|]+) \| ([^|]+) \|$",
    (ROOT / "docs" / "17-faults.md").read_text(),
    re.MULTILINE,
)
"""By faults: a mechanism, and what failed without it."""


def injected() -> dict[str, str]:
    """By fault, the name of a test that is marked with it."""
    found = {}
    for file in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                        found |= {ast.literal_eval(name): node.name for name in mark.args}
    return found


def test_the_matrix_is_whole() -> None:
    assert list(MATRIX.FAULTS) == [f"F{number}" for number in range(1, 45)]


@pytest.mark.parametrize("fault", MATRIX.FAULTS)
def test_a_fault_has_a_test_or_a_reason(fault: str) -> None:
    places = (injected(), MATRIX.ELSEWHERE, MATRIX.NOT_RUN)
    assert any(fault in place for place in places)
    assert not (fault in MATRIX.NOT_RUN and fault in injected())


@pytest.mark.parametrize("fault", MATRIX.ELSEWHERE)
def test_a_test_elsewhere_is_there(fault: str) -> None:
    file, _, name = MATRIX.ELSEWHERE[fault].partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()


def test_no_unknown_fault_is_injected() -> None:
    assert set(injected()) <= set(MATRIX.FAULTS)


def test_of_each_fault_a_mechanism_was_switched_off() -> None:
    named = [fault for faults, _, _ in SWITCHED_OFF for fault in faults.split(", ")]
    assert set(named) == set(MATRIX.FAULTS)


@pytest.mark.parametrize(("mechanism", "failed"), [row[1:] for row in SWITCHED_OFF])
def test_what_failed_without_a_mechanism_is_a_test(mechanism: str, failed: str) -> None:
    found = re.findall(r"`([\w/]*(?:\.py)?)::(\w+)`", failed)
    assert found
    for file, name in found:
        source = ROOT / "tests" / (file or found[0][0])
        assert f"def {name}(" in source.read_text()
