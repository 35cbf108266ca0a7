"""The launcher's first steps, in a copy of the checkout with a uv that only pretends."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COPIED = (
    "run",
    "deploy",
    "shared/__init__.py",
    "shared/errors.py",
    "shared/secret_files.py",
    "workers/__init__.py",
)
UV = """#!/bin/sh
echo "$1 $*" >> "$UV_CALLS"
case $1 in
    venv) {python} -m venv --without-pip "$UV_VENV" ;;
    pip) eval "${{UV_DOES:-true}}" ;;
esac
"""
REFUSED = "give an IP address"  # how a command that got as far as deploy.local answers


class Copy:
    """A bare checkout; `run` answers the finished process, `calls` what uv was asked to do."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        self.venv = folder / ".venv"

    def start(self, *words, **environment):
        return subprocess.Popen(
            [self.folder / "run", *words],
            cwd="/",
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, **environment):
        process = self.start(*(words or ("up", "--host", "example.org")), **environment)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def calls(self):
        file = Path(self.environment["UV_CALLS"])
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def executable(file, text):
    file.write_text(text)
    file.chmod(0o755)


@pytest.fixture
def copy(tmp_path, checkout):
    folder, bin_dir = tmp_path / "check out", tmp_path / "bin"
    for name in (*COPIED, "workers/alive.py", "workers/cores.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        take = shutil.copytree if (checkout / name).is_dir() else shutil.copy
        take(checkout / name, folder / name)
    (folder / "requirements.lock").write_text("six==1\n")
    (folder / "requirements-dev.lock").write_text("six==1\nmypy==1\n")
    bin_dir.mkdir()
    for tool in ("sh", "cmp", "sleep"):
        (bin_dir / tool).symlink_to(shutil.which(tool))
    executable(bin_dir / "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    executable(bin_dir / "uv", UV.format(python=sys.executable))
    environment = {"PATH": str(bin_dir), "UV_CALLS": str(tmp_path / "calls")}
    return Copy(folder, environment | {"UV_VENV": str(folder / ".venv")})


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_it_is_valid_for_every_shell(shell, checkout):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    assert subprocess.run([shell, "-n", checkout / "run"], check=False).returncode == 0


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["dance"], 2), (["status"], 1)])
def test_what_needs_nothing_installs_nothing(copy, words, code):
    assert copy.run(*words).returncode == code
    assert not copy.venv.exists()


def test_the_first_start_installs_and_the_second_does_not(copy):
    first = copy.run()
    assert "installing 1 packages of requirements.lock with uv" in first.stderr
    assert "installed in " in first.stderr
    assert REFUSED in first.stderr
    assert copy.run().stderr.count("\n") == 1
    assert copy.calls() == ["venv", "pip"]


def test_a_changed_lock_is_installed_over_the_old(copy):
    copy.run()
    (copy.folder / "requirements.lock").write_text("six==2\n")
    assert REFUSED in copy.run().stderr
    assert copy.calls() == ["venv", "pip", "pip"]


def test_what_the_tests_need_is_enough_for_everything(copy):
    copy.run("check")
    assert copy.run().stderr.count("\n") == 1
    assert copy.calls() == ["venv", "pip"]


def test_a_failure_is_one_line_and_the_next_start_begins_anew(copy):
    failed = copy.run(UV_DOES="echo 'error: no such package' >&2; exit 1")
    assert failed.returncode == 2
    assert failed.stderr.splitlines()[-1].endswith("with uv: error: no such package")
    assert failed.stdout == ""
    (copy.venv / "lib" / "half-a-package").touch()
    assert REFUSED in copy.run().stderr
    assert not (copy.venv / "lib" / "half-a-package").exists()


def test_an_environment_whose_python_is_gone_is_made_again(copy):
    copy.run()
    (copy.venv / "bin" / "python").unlink()
    assert REFUSED in copy.run().stderr
    assert copy.calls() == ["venv", "pip", "venv", "pip"]


def test_two_at_once_install_once(copy):
    starts = [copy.start("up", "--host", "example.org", UV_DOES="sleep 0.3") for _ in range(2)]
    said = [start.communicate(timeout=60)[1] for start in starts]
    assert all(REFUSED in lines for lines in said)
    assert copy.calls() == ["venv", "pip"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_installing_leaves_no_process(copy, tmp_path, eventually, number):
    pid_file = tmp_path / "pid"
    start = copy.start("up", UV_DOES=f"echo $$ > {pid_file}.new; echo > {pid_file}; exec sleep 600")
    eventually(pid_file.exists)
    start.send_signal(number)
    assert "interrupted" in start.communicate(timeout=60)[1]
    assert start.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(f"{pid_file}.new").read_text()), 0)


def test_without_python_one_line_says_so(copy):
    (Path(copy.environment["PATH"]) / "python3").unlink()
    answer = copy.run()
    assert answer.returncode == 2
    assert answer.stderr == (
        "run: Queuecast needs Python 3.11 or later on PATH, and there is none\n"
    )


def test_a_python_that_is_too_old_is_named(copy):
    old = '#!/bin/sh\ncase "$2" in *exit*) exit 1 ;; *platform*) echo 3.9.18 ;; esac\n'
    executable(Path(copy.environment["PATH"]) / "python3", old)
    answer = copy.run()
    assert answer.returncode == 2
    assert answer.stderr.endswith("there is none (python3 is 3.9.18)\n")


def test_a_python_without_ensurepip_is_one_line(copy, tmp_path):
    (Path(copy.environment["PATH"]) / "uv").unlink()
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    answer = copy.run(PYTHONPATH=str(tmp_path))
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "has no ensurepip: install python3-venv" in answer.stderr


@pytest.mark.long
def test_without_uv_the_standard_library_and_pip_install(copy):
    (Path(copy.environment["PATH"]) / "uv").unlink()
    (copy.folder / "requirements.lock").write_text("# nothing\n")
    answer = copy.run()
    assert REFUSED in answer.stderr
    assert (copy.venv / "bin" / "pip").exists()
