"""The models again, below their owner, as clients of hosted services write their paths."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.routing import BaseRoute

from api.links import API
from api.routes import models, predictions
from api.routes.plain_route import PlainRoute


def owned_models(owner: str) -> Sequence[BaseRoute]:
    """Routes that are left out of the document: each is the twin of one without the owner."""
    router = APIRouter(prefix=f"{API}/models/{owner}", route_class=PlainRoute)
    for path, endpoint in (
        ("/{name}", models.read_model),
        ("/{name}/versions", models.list_versions),
        ("/{name}/versions/{id}", models.read_version),
    ):
        router.get(path, include_in_schema=False)(endpoint)
    router.post("/{name}/predictions", include_in_schema=False)(predictions.create_for_model)
    return router.routes
