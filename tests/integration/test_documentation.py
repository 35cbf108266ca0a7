"""The examples of the documentation, executed against the running system.

Each `python` block is a script of its own. The `sh` blocks of a page that speak to the service are
one script, from top to bottom, so that a variable of one serves the next; an HTTP error fails it.
What is only to be looked at is a `console` block.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SERVICE = "127.0.0.1:8000"
EXAMPLE_SECONDS = 60


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def scripts() -> Iterator[Any]:
    for page in sorted((ROOT / "docs").glob("*.md")):
        shell = [one for one in blocks(page, "sh") if SERVICE in one]
        if shell:
            yield pytest.param("sh", "".join(shell), id=f"{page.stem} sh")
        for number, block in enumerate(blocks(page, "python")):
            yield pytest.param("python", block, id=f"{page.stem} python {number}")


@pytest.fixture
def execute(system, tmp_path: Path, python_of):
    """Runs a script from the root of the project; fails the test when it fails."""
    (tmp_path / ".curlrc").write_text("fail-with-body\nmax-time = 30\n")

    def run(language: str, script: str) -> str:
        interpreter = ["bash", "-euo", "pipefail", "-c"]
        if language == "python":
            others = re.search(r"^(?:import|from) (replicate|tritonclient)\b", script, re.MULTILINE)
            interpreter = [python_of(others[1]) if others else sys.executable, "-c"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [*interpreter, script.replace(SERVICE, system.url.removeprefix("http://"))],
            cwd=ROOT,
            env=os.environ | {"PATH": path, "CURL_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=EXAMPLE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    return run


@pytest.mark.parametrize(("language", "script"), list(scripts()))
def test_an_example_works(execute, language: str, script: str) -> None:
    assert execute(language, script).strip()
