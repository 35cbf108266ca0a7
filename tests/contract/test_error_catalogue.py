"""docs/13-errors.md is what the error tree says.

After a wanted change delete it: the next run writes it anew.
"""

from pathlib import Path

import pytest

from api.error_catalogue import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "13-errors.md"


def test_the_page_is_what_the_tree_says() -> None:
    if not PAGE.exists():
        PAGE.write_text(catalogue())
        pytest.fail("there was no catalogue: it was written, look at it and keep it")
    assert PAGE.read_text() == catalogue()
