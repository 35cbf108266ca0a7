"""What the code offers, the documentation names."""

import re
from pathlib import Path

import pytest

from shared.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs" / "6-settings.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is_described(name: str) -> None:
    field = Settings.model_fields[name]
    assert f"| `QUEUECAST_{name.upper()}` |" in SETTINGS
    assert field.description in SETTINGS


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `QUEUECAST_(\w+)`", SETTINGS, re.MULTILINE)
    assert {name.lower() for name in documented} == set(Settings.model_fields)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
