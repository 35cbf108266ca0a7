import os

import pytest

from deploy.local import checks
from deploy.local.__main__ import COMMANDS, main


def test_help_lists_every_command(capsys):
    for words in (["--help"], ["-h"], []):
        assert main(words) == 0
        said = capsys.readouterr().out
        assert all(f"  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["dance"],
        ["--verbose"],
        ["up", "--port", "seventy"],
        ["up", "--port", "70000"],
        ["up", "--workers", "0"],
        ["up", "--host", "example.org"],
        ["up", "--models", "/no/such/folder"],
        ["up", "surplus"],
        ["demo", "--surplus"],
        ["keys", "--surplus"],
        ["status", "--surplus"],
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(words, capsys):
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("run: ")
    assert said.err.count("\n") == 1


def test_a_data_dir_that_cannot_be_made_is_one_line_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["up", "--data-dir", str(tmp_path / "file" / "data")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "pytest_arguments"),
    [
        ([], ["-m", "not long"]),
        (["--all"], []),
        (["-k", "redis", "--all", "tests/unit"], ["-k", "redis", "tests/unit"]),
        (["-x"], ["-m", "not long", "-x"]),
    ],
)
def test_the_long_tier_runs_only_when_asked_for(words, pytest_arguments, monkeypatch):
    became = []
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    monkeypatch.setattr(os, "execv", lambda program, arguments: became.extend(arguments))
    checks.test(words)
    assert became[1:] == ["-m", "pytest", *pytest_arguments]
