"""All pages but the first, which stands at the root of the API."""

from starlette.routing import BaseRoute

from api.web.routes import jobs, models, overview, sign_in

pages: list[BaseRoute] = [
    *overview.router.routes,
    *jobs.router.routes,
    *models.router.routes,
    *sign_in.router.routes,
]
