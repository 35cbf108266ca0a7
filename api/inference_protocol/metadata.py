"""What the protocol tells of this server and of its models."""

from collections.abc import Sequence
from typing import Any

from api.inference_protocol.datatypes import datatype_of, shape_of
from models.registry import Model, Registry, TensorSpec, Version
from shared.errors import InvalidModelName, ModelNotFound, VersionNotFound

SERVER = {
    "name": "queuecast",
    "version": "1",
    "extensions": [
        "binary_tensor_data",
        "model_repository",
        "parameters",
        "schedule_policy",
        "statistics",
    ],
}
PLATFORM = "onnxruntime_onnx"


def find(registry: Registry, name: str, version: str | None) -> tuple[Model, Version]:
    """`version` is its name or an alias; raises ModelNotFound or VersionNotFound."""
    try:
        model = registry.get(name)
    except InvalidModelName:
        raise ModelNotFound("no model of this name is served") from None
    wanted = model.default_version if version is None else model.aliases.get(version, version)
    if wanted not in model.versions:
        raise VersionNotFound(f"the model {model.name} has no such version")
    return model, model.versions[wanted]


def model_metadata(model: Model, version: Version) -> dict[str, Any]:
    return {
        "name": model.name,
        "versions": list(model.versions),
        "platform": PLATFORM,
        "inputs": _tensors(model.tensors.inputs(version)),
        "outputs": _tensors(model.tensors.outputs(version)),
    }


def repository_index(registry: Registry, *, ready: bool) -> list[dict[str, str]]:
    """Every version of every model; `ready` leaves out the folders that are not served."""
    served = [
        {"name": model.name, "version": version, "state": "READY", "reason": ""}
        for model in registry.models.values()
        for version in model.versions
    ]
    refused = [
        {"name": one.name, "version": "", "state": "UNAVAILABLE", "reason": one.reason}
        for one in registry.refused
    ]
    return served if ready else served + refused


def _tensors(specs: Sequence[TensorSpec]) -> list[dict[str, Any]]:
    return [
        {"name": spec.name, "datatype": datatype_of(spec), "shape": shape_of(spec)}
        for spec in specs
    ]
