"""Opens a model's ONNX file and lets no byte through that the manifest did not promise."""

import hashlib
import os
from pathlib import Path

from shared.errors import ModelRefused

# O_NOFOLLOW does not exist on Windows; there a link is caught by `within` alone.
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def within(folder: Path, relative: str) -> Path:
    """The path of a file below `folder`; raises ModelRefused when a link leads out of it."""
    path = folder / relative
    root = folder.resolve()
    if not path.parent.resolve().is_relative_to(root):
        raise ModelRefused(f"{relative} lies outside the model's folder")
    return path


def read_verified(path: Path, digest: str) -> bytes:
    """The file's bytes, whose SHA-256 is `digest` (64 hex digits).

    The worker that loads the session reads through here too, so what was checked is what runs.
    Raises ModelRefused with one line for a missing file, a symbolic link or another hash.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | NO_FOLLOW), "rb") as file:
            data = file.read()
    except OSError as error:
        raise ModelRefused(f"{name} cannot be opened: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ModelRefused(f"{name} has the SHA-256 {found[:12]}…, model.toml says {digest[:12]}…")
    return data
