"""The commands of `./run`: what must be installed for each, and who reads its arguments."""

import re
from importlib import import_module

import pytest

from deploy.local.__main__ import COMMANDS, HANDED_OVER
from deploy.local.paths import ROOT

WORKS_WITHOUT = {"status"}


def test_the_script_knows_what_each_needs() -> None:
    lines = re.findall(r"^ +([a-z |-]+)\)\s+lock=requirements", (ROOT / "run").read_text(), re.M)
    installed_for = {word for line in lines for word in line.split(" | ")}
    assert installed_for == COMMANDS.keys() - WORKS_WITHOUT


@pytest.mark.parametrize("place", HANDED_OVER.values(), ids=HANDED_OVER.keys())
def test_who_reads_its_arguments_is_there(place: str) -> None:
    module, _, name = place.partition(":")
    assert callable(getattr(import_module(f"deploy.local.{module}"), name))


def test_all_that_are_handed_over_are_listed() -> None:
    assert HANDED_OVER.keys() <= COMMANDS.keys()
