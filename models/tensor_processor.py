"""The processor of models without Python of their own: nested lists to arrays and back."""

from typing import Any

import numpy as np

from models.tensor_contract import lacks_rows
from models.versions import Version

# Tells postprocess that the input was one bare row; the worker carries it between the two.
BARE_ROW = "carried:bare_row"


class TensorProcessor:
    """Takes what `TensorContract.validate` accepted; outputs come back as nested lists."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._dtypes = {
            spec.name: np.dtype(object if spec.dtype == "string" else spec.dtype)
            for spec in version.inputs
        }

    def preprocess(self, input: Any) -> dict[str, np.ndarray]:
        tensors = {name: np.array(input[name], dtype) for name, dtype in self._dtypes.items()}
        if not lacks_rows(self._version, {name: array.ndim for name, array in tensors.items()}):
            return tensors
        rows = {name: array[np.newaxis] for name, array in tensors.items()}
        return {**rows, BARE_ROW: np.ones(1, np.bool_)}

    def postprocess(self, outputs: dict[str, np.ndarray]) -> dict[str, Any]:
        lists = {spec.name: outputs[spec.name].tolist() for spec in self._version.outputs}
        if BARE_ROW not in outputs:
            return lists
        return {name: rows[0] for name, rows in lists.items()}
