"""Models and their versions on the wire."""

from typing import Any

from api.cog_schema import cog_schema
from models.registry import Model, TensorSpec, Version
from shared.domain.prediction import wire_time


def model_view(model: Model, base: str, owner: str) -> dict[str, Any]:
    """`base` is the URL of the API; the schemas are those of the default version."""
    default = model.versions[model.default_version]
    url = f"{base}/models/{model.name}"
    return {
        "name": model.name,
        "owner": owner,
        "description": model.description,
        "default_version": default.reference,
        "aliases": {alias: f"{model.name}:{name}" for alias, name in model.aliases.items()},
        "versions": [version_view(model, version) for version in model.versions.values()],
        "example": model.example,
        "input_schema": model.input_schema(default),
        "output_schema": model.output_schema(default),
        "lane": model.lane,
        "max_batch_size": model.max_batch_size,
        "timeout_seconds": model.timeout_seconds,
        "input_max_bytes": model.input_max_bytes,
        "urls": {"get": url, "versions": f"{url}/versions", "predictions": f"{url}/predictions"},
        # Replicate's clients read no model without these.
        "url": url,
        "visibility": "private",
        "run_count": 0,
        "latest_version": version_detail(model, default),
    }


def version_view(model: Model, version: Version) -> dict[str, Any]:
    """`id` is what a prediction's `version` says; `digest` names the same release."""
    return {
        "id": version.reference,
        "version": version.version,
        "digest": version.digest,
        "is_default": version.version == model.default_version,
        "aliases": sorted(name for name, of in model.aliases.items() if of == version.version),
        "inputs": [_tensor(spec) for spec in version.inputs],
        "outputs": [_tensor(spec) for spec in version.outputs],
    }


def version_detail(model: Model, version: Version) -> dict[str, Any]:
    return version_view(model, version) | {
        "model": model.name,
        "input_schema": model.input_schema(version),
        "output_schema": model.output_schema(version),
        # Replicate's clients read no version without these.
        "created_at": wire_time(version.created_at),
        "cog_version": "",
        "openapi_schema": cog_schema(model, version),
    }


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)}
