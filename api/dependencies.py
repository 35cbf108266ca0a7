"""What the routes work with."""

from dataclasses import dataclass, field

from starlette.requests import Request

from api.turns import Turns
from models.registry import Registry
from shared.container import Container


@dataclass(frozen=True, slots=True)
class Services:
    container: Container
    registry: Registry
    turns: Turns = field(default_factory=Turns)


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def tenant(request: Request) -> str:
    """Whose jobs this request may see: without keys, everybody is the configured tenant."""
    return services(request).container.settings.tenant
