"""Models over HTTP: what is served, and what each model takes and gives."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import decode_cursor, encode_cursor
from api.dependencies import services
from api.links import API, base_url
from api.model_views import model_view, version_detail
from api.openapi import models as described
from api.query_parameters import read_limit, read_parameters
from api.routes.plain_route import PlainRoute
from models.registry import Model, Version
from shared.errors import VersionNotFound

router = APIRouter(prefix=API, route_class=PlainRoute)


@router.get("/models", **described.LIST)
async def list_models(request: Request) -> Response:
    """Pages by name."""
    here = services(request)
    parameters = read_parameters(request, "limit", "cursor")
    limit, position = read_limit(parameters), decode_cursor(parameters, "models")
    models = [one for name, one in here.registry.models.items() if [name] > (position or [""])]
    base, following = base_url(request, here.container.settings), None
    if len(models) > limit:
        cursor = encode_cursor([models[limit - 1].name], "models")
        following = f"{base}/models?{urlencode({'limit': limit, 'cursor': cursor})}"
    owner = here.container.settings.model_owner
    results = [model_view(model, base, owner) for model in models[:limit]]
    return json_answer({"next": following, "previous": None, "results": results})


@router.get("/models/{name}/versions", **described.LIST_VERSIONS)
async def list_versions(request: Request) -> Response:
    read_parameters(request)
    model = _model(request)
    results = [version_detail(model, version) for version in model.versions.values()]
    return json_answer({"next": None, "previous": None, "results": results})


@router.get("/models/{name}/versions/{id}", **described.READ_VERSION)
async def read_version(request: Request) -> Response:
    """`id` in any form that names this model's version: `2`, `digits:2`, `champion`, a digest."""
    read_parameters(request)
    model = _model(request)
    return json_answer(version_detail(model, _version(model, request.path_params["id"])))


@router.get("/models/{name}", **described.READ)
async def read_model(request: Request) -> Response:
    read_parameters(request)
    settings = services(request).container.settings
    return json_answer(
        model_view(_model(request), base_url(request, settings), settings.model_owner)
    )


def _model(request: Request) -> Model:
    return services(request).registry.get(request.path_params["name"])


def _version(model: Model, id: str) -> Version:
    name = id.removeprefix(f"{model.name}:")
    name = model.aliases.get(name, name)
    for version in model.versions.values():
        if name in (version.version, version.digest):
            return version
    raise VersionNotFound(f"the model {model.name} has no such version")
