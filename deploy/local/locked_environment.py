"""Virtual environments beside ours, for tools whose versions are their own."""

import fcntl
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from deploy.local.environments import installing, making
from deploy.local.pip_trouble import explain
from shared.errors import StartupRefused


def python_of(name: str, lock: Path, folder: Path) -> Path:
    """The interpreter of what `lock` names, made in `folder` when it is first asked for, and kept.

    Its key is the hash of the lock; of several at once one makes it. Raises StartupRefused.
    """
    home = folder / f"{name}-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    python, complete = home / "bin" / "python", home / "complete"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.guard").open("ab") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            uv = shutil.which("uv")
            for command in (making(home, uv), installing(lock, python, uv)):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise StartupRefused(f"{lock}: {explain(done.stdout + done.stderr)}")
            complete.touch()
    return python
