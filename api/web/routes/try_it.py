"""*Try it*: a form made from the schema of each model."""

from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services
from api.links import API, base_url, root_url
from api.model_views import model_view
from api.web.forms import fields_of
from api.web.samples import samples_of
from api.web.show import page


async def try_it(request: Request) -> Response:
    """Served at `/` to whoever asks for a page; `?model=` chooses."""
    here = services(request)
    models, settings = here.registry.models, here.container.settings
    wanted = request.query_params.get("model", "")
    model = here.registry.get(wanted) if wanted else next(iter(models.values()), None)
    if model is None:
        return page(request, "try_it.html", model=None, models=[])
    view = model_view(model, base_url(request, settings), settings.model_owner)
    return page(
        request,
        "try_it.html",
        models=list(models.values()),
        model=view,
        fields=fields_of(view["input_schema"], view["example"]),
        samples=samples_of(model.folder),
        endpoint=f"{root_url(request, settings)}{API}/predictions",
        server=root_url(request, settings),
        keys_required=settings.keys_required,
    )
