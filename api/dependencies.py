"""What the routes work with."""

from dataclasses import dataclass

from starlette.requests import Request

from models.registry import Registry
from shared.container import Container


@dataclass(frozen=True, slots=True)
class Services:
    container: Container
    registry: Registry


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def tenant(request: Request) -> str:
    """Whose jobs this request may see: without keys, everybody is the configured tenant."""
    return services(request).container.settings.tenant
