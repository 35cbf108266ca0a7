"""The Open Inference Protocol V1: instances in, predictions out."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import strict_json
from api.answers import json_answer
from api.dependencies import services
from api.inference_protocol import metadata
from api.inference_protocol.body import read_plain
from api.inference_protocol.decoding import beside_the_loop
from api.inference_protocol.infer_answer import unanswered
from api.inference_protocol.jobs import Target, predicted
from api.inference_protocol.options import read_options
from api.inference_protocol.outputs import outputs_of
from api.json_pointer import moved, pointer
from api.openapi import inference_protocol as described
from api.refusals import CountingRefusals
from api.routes.plain_route import PlainRoute
from shared.errors import FieldError, InvalidInput, Unanswered

router = APIRouter(prefix="/v1", route_class=PlainRoute)

INSTANCES = "instances"
INSTANCES_MAX = 1000


@router.get("/models", **described.V1_MODELS)
async def list_models(request: Request) -> Response:
    return json_answer({"models": list(services(request).registry.models)})


@router.get("/models/{name:plain}", **described.V1_MODEL)
async def read_model(request: Request) -> Response:
    model, _ = metadata.find(services(request).registry, request.path_params["name"], None)
    return json_answer({"name": model.name, "ready": True})


@router.post("/models/{name}:predict", **described.V1_PREDICT)
async def predict(request: Request) -> Response:
    """Each instance is a job."""
    here = services(request)
    model, version = metadata.find(here.registry, request.path_params["name"], None)
    settings = here.container.settings
    with CountingRefusals():
        body = await read_plain(request, settings, settings.body_max_bytes)

        def decoded() -> tuple[Target, list[Any]]:
            content = strict_json.loads(body)
            inputs = [model.tensors.of_instance(version, each) for each in _instances(content)]
            return Target(model, version, read_options(_parameters(content), settings)), inputs

        target, inputs = await beside_the_loop(request, len(body), decoded)
    try:
        predictions = await predicted(request, target, inputs, _locating)
        outputs = await outputs_of(here.container, predictions)
    except Unanswered as error:
        return unanswered(request, error)
    shown = [model.tensors.as_prediction(version, each) for each in outputs]
    return json_answer({"predictions": shown})


def _parameters(body: Any) -> Mapping[str, Any]:
    found = body.get("parameters")
    return found if isinstance(found, dict) else {}


def _instances(body: Any) -> list[Any]:
    instances = body.get(INSTANCES) if isinstance(body, dict) else None
    if not isinstance(instances, list) or not 1 <= len(instances) <= INSTANCES_MAX:
        where, detail = pointer(INSTANCES), f"should be a list of 1 to {INSTANCES_MAX} instances"
        raise InvalidInput(f"{where}: {detail}", errors=[FieldError(where, detail)])
    return instances


def _locating(row: int) -> AbstractContextManager[None]:
    return moved("/input", pointer(INSTANCES, row))
