"""A processor turns an input into tensors and a job's own output rows into its output.

The API never imports this module: it needs numpy.
"""

from typing import Any, Protocol

import numpy as np

from models.folder_code import import_file
from models.model import Model
from models.tensor_processor import TensorProcessor
from models.versions import Version
from shared.errors import ModelRefused

Tensors = dict[str, np.ndarray]
# Tensors of this prefix pass by the session, from preprocess to postprocess.
CARRIED = "carried:"


class Processor(Protocol):
    """Stateless and safe to share between threads. Raises JobFailed for what the job did wrong."""

    def preprocess(self, input: Any) -> Tensors:
        """One tensor per ONNX input, each with a leading row dimension.

        Tensors whose name starts with `carried:` are not fed to the session: they reach
        `postprocess` beside the outputs.
        """

    def postprocess(self, outputs: Tensors) -> Any:
        """What the client gets: plain Python for JSON, from this job's own rows."""


class FolderProcessor:
    """A folder's functions `preprocess(input, version)` and `postprocess(outputs, version)`."""

    def __init__(self, model: Model, version: Version) -> None:
        module = import_file(model.folder / "processing.py")
        self._preprocess = module.preprocess
        self._postprocess = module.postprocess
        self._version = version

    def preprocess(self, input: Any) -> Tensors:
        tensors: Tensors = self._preprocess(input, self._version)
        return tensors

    def postprocess(self, outputs: Tensors) -> Any:
        return self._postprocess(outputs, self._version)


def load_processor(model: Model, version: Version) -> Processor:
    """Raises ModelRefused when the folder's `processing.py` does not import."""
    if not (model.folder / "processing.py").exists():
        return TensorProcessor(version)
    try:
        return FolderProcessor(model, version)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ModelRefused(f"{model.name}: processing.py: {reason}") from error
