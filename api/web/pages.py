"""All pages but the first, which stands at the root of the API."""

from starlette.routing import BaseRoute

from api.web.routes import (
    dead_letters,
    jobs,
    models,
    overview,
    prediction_log,
    sign_in,
    webhooks,
)

pages: list[BaseRoute] = [
    *overview.router.routes,
    *jobs.router.routes,
    *models.router.routes,
    *prediction_log.router.routes,
    *webhooks.router.routes,
    *dead_letters.router.routes,
    *sign_in.router.routes,
]
