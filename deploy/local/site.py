"""`./run docs`: the pages of docs/ as a site, which needs nothing from elsewhere."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from deploy.local.environments import installing, making
from deploy.local.paths import ROOT
from deploy.local.pip_trouble import explain
from deploy.local.terminal import say
from shared.errors import StartupRefused

LOCK = ROOT / "deploy" / "site" / "requirements.lock"
CONFIGURATION = ROOT / "deploy" / "site" / "mkdocs.yml"


def docs(target: Path) -> int:
    """Builds the site in `target`; 1 when a page has a fault, such as a link that leads nowhere."""
    python = _environment() / "bin" / "python"
    command = [str(python), "-m", "mkdocs", "build", "--strict", "--clean", "--quiet"]
    command += ["--config-file", str(CONFIGURATION), "--site-dir", str(target.absolute())]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=quiet, check=False)
    if not done.returncode:
        say(f"the site is in {target}; open {target / 'index.html'}")
    return int(done.returncode != 0)


def _environment() -> Path:
    """Made when it is first asked for, and kept: the program is no part of the installation."""
    home = ROOT / ".venv" / f"site-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    complete, uv = home / "complete", shutil.which("uv")
    if complete.exists():
        return home
    say("installing what makes the site …")
    shutil.rmtree(home, ignore_errors=True)
    for command in (making(home, uv), installing(LOCK, home / "bin" / "python", uv)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartupRefused(f"{LOCK.name}: {explain(done.stdout + done.stderr)}")
    complete.touch()
    return home
