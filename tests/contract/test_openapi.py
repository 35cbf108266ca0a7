"""The OpenAPI document is a contract: a change of it is a change to be reviewed.

After a wanted one delete `openapi.json`: the next run writes it anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api.app import create_app
from models.registry import Registry
from shared.container import Container
from shared.settings import BUNDLED_MODELS_DIR, Settings

SNAPSHOT = Path(__file__).parent / "openapi.json"


def app_with(registry: Registry) -> FastAPI:
    settings = Settings(redis_url=SecretStr("unix:///nowhere"), data_dir=Path("/nowhere"))
    return create_app(Container(settings, served={}), registry)


def references(part: Any) -> set[str]:
    """The names of all schemas that `part` refers to."""
    if isinstance(part, dict):
        found = {part["$ref"].rpartition("/")[2]} if "$ref" in part else set()
        return found.union(*map(references, part.values()))
    return set().union(*map(references, part)) if isinstance(part, list) else set()


def test_document_is_the_snapshot() -> None:
    written = json.dumps(app_with(Registry({})).openapi(), indent=1, sort_keys=True) + "\n"
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(written)
        pytest.fail("there was no snapshot: it was written, look at it and keep it")
    assert json.loads(SNAPSHOT.read_text()) == json.loads(written)


def test_every_reference_leads_somewhere() -> None:
    document = app_with(Registry({})).openapi()
    schemas = document["components"]["schemas"]
    assert references(document) == schemas.keys()


def test_every_model_has_an_example_that_it_takes() -> None:
    registry = Registry.load([BUNDLED_MODELS_DIR])
    paths = app_with(registry).openapi()["paths"]
    body = paths["/api/v1/predictions"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"].keys() == registry.models.keys()
    for example in body["examples"].values():
        model, version = registry.resolve(example["value"]["model"])
        model.validate_input(version, example["value"]["input"])


def test_operation_ids_are_distinct() -> None:
    paths = app_with(Registry({})).openapi()["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(ids) == len(set(ids))
