"""The models as the naive build uses them: our own processors, and one session per process."""

import os
from functools import cache
from pathlib import Path

import onnxruntime

from models.processors import Processor, load_processor
from models.registry import Registry
from shared.settings import BUNDLED_MODELS_DIR


@cache
def load(name: str) -> tuple[Processor, onnxruntime.InferenceSession]:
    """A session with one thread: the pool has a process per core already."""
    more = [Path(one) for one in os.environ.get("NAIVE_MODELS_DIRS", "").split(os.pathsep) if one]
    model, version = Registry.load([BUNDLED_MODELS_DIR, *more]).resolve(name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(version.path, options)
    return load_processor(model, version), session
