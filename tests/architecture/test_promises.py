"""The page of promises: its drawing is the code's, and the tests that it names are there."""

import re

import pytest

from deploy.local.life_drawing import PAGE, drawing
from deploy.local.paths import ROOT

NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE.read_text())))


def test_the_drawing_is_that_of_the_code() -> None:
    assert drawing() in PAGE.read_text(), "run: python -m deploy.local.life_drawing"


def test_it_names_tests() -> None:
    assert len(NAMED) > 10


@pytest.mark.parametrize("name", NAMED)
def test_the_tests_that_it_names_are_there(name: str) -> None:
    assert (ROOT / name).exists()
