"""Imports a Python file of a model folder by its path, wherever that folder lies."""

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def import_file(path: Path) -> ModuleType:
    """The module of `path`, executed once per process under a name of its own.

    Two folders may both hold a `contract.py`: the path's hash keeps their modules apart. Whatever
    the file raises comes through.
    """
    mark = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"queuecast_model_{mark}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def code_digest(folder: Path) -> str:
    """12 hex digits over the Python that runs for a job: it changes when results may change."""
    digest = hashlib.sha256()
    for name in ("contract.py", "processing.py"):
        path = folder / name
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()[:12]
