"""The environment of a peer: made by pip when it is first asked for, and kept."""

import subprocess
import sys
from pathlib import Path

from loadtests.bench.errors import ArmFailed

SERVING = ("numpy", "onnxruntime", "pydantic")
NEEDED = {
    "bentoml": ("bentoml==1.4.39", *SERVING),
    "arq": ("arq==0.28.0", "fastapi", "uvicorn", "uvloop", "httptools", *SERVING),
}


def environment_of(peer: str, folder: Path) -> str:
    """The interpreter of the peer's environment; raises ArmFailed when it cannot be made."""
    home, complete = folder / peer, folder / peer / "complete"
    python = home / "bin" / "python"
    if not complete.exists():
        _step(sys.executable, "-m", "venv", "--clear", str(home))
        _step(str(python), "-m", "pip", "install", "--quiet", *NEEDED[peer])
        complete.touch()
    return str(python)


def _step(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ArmFailed(f"{' '.join(command[1:4])}: {last}")
