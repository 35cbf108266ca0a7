"""The structure as the documentation draws it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "workers", "models", "shared", "deploy", "queuecast")
SIX_FILES = (
    "api/routes/predictions.py",
    "shared/jobs/submit.py",
    "shared/backlog/backlogs.py",
    "workers/preprocess.py",
    "workers/predict.py",
    "workers/record.py",
)


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def imports(file: Path) -> set[str]:
    """The modules that a file names in its import statements."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_layers_hold() -> None:
    command = [Path(sys.executable).with_name("lint-imports")]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_no_file_is_above_400_lines() -> None:
    files = python_files(*PACKAGES, "tests", "loadtests")
    assert [file for file in files if len(file.read_text().splitlines()) > 400] == []


def test_no_folder_is_named_for_leftovers() -> None:
    names = {part for file in python_files(*PACKAGES) for part in file.relative_to(ROOT).parts}
    assert not names & {"util", "utils", "common", "helpers", "misc", "util.py", "helpers.py"}


@pytest.mark.parametrize(
    "package", [p.name for p in (ROOT / "shared").iterdir() if (p / "__init__.py").exists()]
)
def test_both_doors_reach_each_package_of_shared(package: str) -> None:
    """Directly, or through what stands above it in `shared`."""
    for door in ("api", "workers"):
        reached, todo = set(), list(python_files(door))
        while todo:
            for name in imports(todo.pop()):
                file = (ROOT / name.replace(".", "/")).with_suffix(".py")
                if name.startswith("shared.") and file.exists() and file not in reached:
                    reached.add(file)
                    todo.append(file)
        assert any(file.is_relative_to(ROOT / "shared" / package) for file in reached), door


def test_only_sessions_imports_onnxruntime() -> None:
    files = [f for f in python_files(*PACKAGES) if f.name not in ("train.py", "training.py")]
    users = [f for f in files if any(name.startswith("onnxruntime") for name in imports(f))]
    assert users == [ROOT / "workers/sessions.py"]


def test_no_group_of_a_pattern_is_possessive() -> None:
    """Python before 3.11.5 ends such a match in the wrong place; an atomic group says the same."""
    texts = (
        (file, node.value)
        for file in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
    sets, possessive = re.compile(r"\[(?:\\.|[^\]\\])*\]"), re.compile(r"(?<!\\)\)[*+?]\+")
    found = [file for file, text in texts if possessive.search(sets.sub("", str(text)))]
    assert found == []


def test_the_readme_names_the_six_files() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in SIX_FILES:
        assert (ROOT / name).exists()
        assert name in readme


def test_no_text_names_a_machine() -> None:
    command = ["git", "grep", "-nIE", r"(^|[^a-zA-Z0-9_.-])/(work|home|root)/", "--", "."]
    found = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout
    assert [line for line in found.splitlines() if not line.startswith("tests/architecture")] == []
