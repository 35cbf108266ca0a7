"""Replicate's own Python clients, each in an environment of its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.settings import BUNDLED_MODELS_DIR

ROOT = BUNDLED_MODELS_DIR.parent
PAGE = ROOT / "docs" / "12-replicate-and-files.md"


def test_what_it_asks_for_is_answered(system, run_client: Callable[..., str]) -> None:
    run_client("replicate", "checks.py", system.url)


@pytest.mark.long
def test_what_the_coming_one_asks_for_is_answered(system, run_client: Callable[..., str]) -> None:
    run_client("replicate_beta", "checks.py", system.url)


def test_the_examples_of_the_page_work(system, run_client, tmp_path: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    of_replicate = [one for one in examples if "import replicate" in one]
    assert len(of_replicate) >= 2
    for number, example in enumerate(of_replicate):
        here = example.replace("http://127.0.0.1:8000", system.url)
        script = tmp_path / f"example_{number}.py"
        script.write_text(f"import os\nos.chdir({str(ROOT)!r})\n{here}")
        run_client("replicate", str(script))


def test_it_verifies_the_webhooks_that_it_gets(system, run_client: Callable[..., str]) -> None:
    run_client("replicate", "webhook_checks.py", system.url)
