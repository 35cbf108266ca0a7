"""The Open Inference Protocol V2: what Triton's and KServe's clients speak.

An infer is a submit and a bounded wait, on the queue that serves everybody.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import strict_json
from api.answers import json_answer
from api.dependencies import services, tenant
from api.inference_protocol import metadata
from api.inference_protocol.body import read_plain
from api.inference_protocol.decoding import beside_the_loop
from api.inference_protocol.fitting import naming_tensors
from api.inference_protocol.infer_answer import infer_answer, unanswered, wanted_outputs
from api.inference_protocol.infer_request import HEAD_LENGTH, InferRequest, parse_infer
from api.inference_protocol.jobs import Target, predicted
from api.inference_protocol.options import read_options
from api.inference_protocol.outputs import outputs_of
from api.inference_protocol.statistics import model_statistics
from api.openapi import inference_protocol as described
from api.refusals import CountingRefusals
from api.routes.plain_route import PlainRoute
from api.system_health import require_ready
from models.registry import Model, Version
from models.tensor_spec import TensorSpec
from shared.db.engine import reading
from shared.errors import FieldError, InvalidInput, RequestError, Unanswered
from shared.prediction_log.statistics import statistics

router = APIRouter(prefix="/v2", route_class=PlainRoute)

INFER = "/infer"
"""How the paths end whose bodies hold tensors."""

_Decoded = tuple[InferRequest, list[tuple[TensorSpec, bool]], Target, list[Any]]

MODEL, VERSION = "/models/{name}", "/models/{name}/versions/{version}"


@router.post(f"{MODEL}{INFER}", **described.INFER)
@router.post(f"{VERSION}{INFER}", **described.INFER_VERSION)
async def infer(request: Request) -> Response:
    model, version = _served(request)
    container, settings = services(request).container, services(request).container.settings
    with CountingRefusals():
        body = await read_plain(request, settings, settings.infer_max_bytes)

        def decoded() -> _Decoded:
            wanted = parse_infer(body, request.headers.get(HEAD_LENGTH), settings.body_max_bytes)
            asked = wanted_outputs(wanted, model.tensors.outputs(version))
            target = Target(model, version, read_options(wanted.parameters, settings))
            return wanted, asked, target, wanted.job_inputs(model, version)

        wanted, asked, target, inputs = await beside_the_loop(request, len(body), decoded)
    naming = naming_tensors(model.tensors, version, wanted.inputs, len(inputs))
    try:
        predictions = await predicted(request, target, inputs, naming)
        outputs = await outputs_of(container, predictions)
    except Unanswered as error:
        return unanswered(request, error)

    def encoded() -> Response:
        tensors = model.tensors.join(version, outputs)
        return infer_answer(version, wanted, asked, tensors, [one["id"] for one in predictions])

    return await beside_the_loop(request, len(body), encoded)


@router.get("", **described.SERVER)
async def read_server(_request: Request) -> Response:
    return json_answer(metadata.SERVER)


@router.get("/health/live", **described.LIVE)
async def live(_request: Request) -> Response:
    return json_answer({"live": True})


@router.get("/health/ready", **described.READY)
async def ready(request: Request) -> Response:
    """This process can accept a job."""
    await asyncio.to_thread(require_ready, services(request))
    return json_answer({"ready": True})


@router.get("/models/stats", **described.ALL_STATISTICS)
async def read_all_statistics(request: Request) -> Response:
    models = services(request).registry.models.values()
    return await _statistics(request, [each for one in models for each in one.versions.values()])


@router.get(f"{MODEL}/stats", **described.MODEL_STATISTICS)
@router.get(f"{VERSION}/stats", **described.VERSION_STATISTICS)
async def read_statistics(request: Request) -> Response:
    """Of one version, or of all versions of the model."""
    model, version = _served(request)
    one = "version" in request.path_params
    return await _statistics(request, [version] if one else list(model.versions.values()))


@router.get(MODEL, **described.MODEL)
@router.get(VERSION, **described.VERSION)
async def read_model(request: Request) -> Response:
    return json_answer(metadata.model_metadata(*_served(request)))


@router.get(f"{MODEL}/ready", **described.MODEL_READY)
@router.get(f"{VERSION}/ready", **described.VERSION_READY)
async def model_ready(request: Request) -> Response:
    """A model that is served is ready: what is asked of it waits in the queue."""
    model, _ = _served(request)
    return json_answer({"name": model.name, "ready": True})


@router.post("/repository/index", **described.INDEX)
async def index(request: Request) -> Response:
    settings = services(request).container.settings
    body = await read_plain(request, settings, settings.body_max_bytes)
    wanted = strict_json.loads(body) if body.strip() else {}
    if not isinstance(wanted, dict):
        raise InvalidInput("the body should be an object")
    ready = wanted.get("ready", False)
    if not isinstance(ready, bool):
        detail = "should be true or false"
        raise InvalidInput(f"/ready: {detail}", errors=[FieldError("/ready", detail)])
    return json_answer(metadata.repository_index(services(request).registry, ready=ready))


@router.post(f"/repository{MODEL}/load", **described.LOAD)
async def load(request: Request) -> Response:
    """Models are loaded at the start, so there is nothing left to do."""
    model, _ = _served(request)
    return json_answer({"name": model.name, "ready": True})


@router.post(f"/repository{MODEL}/unload", **described.UNLOAD)
async def unload(request: Request) -> Response:
    _served(request)
    raise RequestError("models are served until their folder is gone and Queuecast starts anew")


async def _statistics(request: Request, versions: Sequence[Version]) -> Response:
    """Of the newest predictions of the request's tenant."""

    def read() -> list[dict[str, Any]]:
        with reading(services(request).container.engine) as connection:
            return [
                model_statistics(
                    one, statistics(connection, tenant(request), one.model, one.version)
                )
                for one in versions
            ]

    return json_answer({"model_stats": await asyncio.to_thread(read)})


def _served(request: Request) -> tuple[Model, Version]:
    path = request.path_params
    return metadata.find(services(request).registry, path["name"], path.get("version"))
