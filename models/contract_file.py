"""Loads a model's contract: from its `contract.py`, or the generic one where there is none."""

from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from models.column_form import ColumnForm, Tensors, derived
from models.contracts import Contract, DeclaredContract
from models.folder_code import import_file
from models.manifest import Limits
from models.tensor_contract import TensorContract
from models.tensor_form import OnnxForm, TensorForm
from models.versions import Version
from shared.errors import InvalidInput, ModelRefused


def load_contract(folder: Path, limits: Limits) -> tuple[Contract, TensorForm]:
    """Raises ModelRefused."""
    path = folder / "contract.py"
    if not path.exists():
        bounds = limits.max_rows, limits.max_elements
        return TensorContract(*bounds), OnnxForm(*bounds)
    if not (folder / "processing.py").exists():
        raise ModelRefused("contract.py needs a processing.py beside it")
    try:
        module = import_file(path)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ModelRefused(f"contract.py: {reason}") from error
    types = [getattr(module, name, None) for name in ("Input", "Output")]
    pair = [each for each in types if isinstance(each, type) and issubclass(each, BaseModel)]
    if len(pair) != 2:
        raise ModelRefused("contract.py: Input and Output should be pydantic models")
    contract = DeclaredContract(*pair)
    return contract, ColumnForm(_tensors(module, *pair))


def valid_example(contract: Contract, version: Version) -> object:
    """The contract's own; raises ModelRefused when there is none, or the contract refuses it."""
    try:
        example = contract.example(version)
        contract.validate(version, example)
    except (LookupError, TypeError) as error:
        missing = "Input gives no example (json_schema_extra, examples)"
        raise ModelRefused(f"contract.py: {missing}") from error
    except InvalidInput as error:
        raise ModelRefused(f"its own example is not valid: {error.detail}") from error
    return example


def _tensors(module: ModuleType, input_type: type[BaseModel], output: type[BaseModel]) -> Tensors:
    taken = input_type.model_json_schema(mode="validation")
    given = output.model_json_schema(mode="serialization")
    tensors = getattr(module, "TENSORS", None)
    if tensors is None:
        return derived(taken, given)
    if not isinstance(tensors, Tensors):
        raise ModelRefused("contract.py: TENSORS should be of models.column_form.Tensors")
    for schema, declared in ((taken, tensors.inputs), (given, tensors.outputs)):
        for field in (of.partition(".")[0] for tensor in declared for of in tensor.of):
            if field not in schema.get("properties", {}):
                raise ModelRefused(f"contract.py: TENSORS: there is no field '{field}'")
    return tensors
