"""What the routes work with."""

from dataclasses import dataclass, field
from functools import partial

from starlette.requests import Request

from api.entrance import Entrance
from api.event_stream import StreamSlots
from api.request_tally import RequestTally
from api.turns import Turns
from models.registry import Registry
from shared.access.principal import Principal, Scope
from shared.container import Container
from shared.domain.rate_limits import Policy


@dataclass(frozen=True, slots=True)
class Services:
    """`entrance` is there where keys are asked for."""

    container: Container
    registry: Registry
    entrance: Entrance | None = None
    turns: Turns = field(default_factory=Turns)
    streams: StreamSlots = field(default_factory=StreamSlots)
    tally: RequestTally = field(default_factory=RequestTally)
    downloads: StreamSlots = field(default_factory=partial(StreamSlots, "the list has it in pages"))


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def tenant(request: Request) -> str:
    """Whose jobs this request may see: the key's; without keys, the configured tenant's."""
    principal = _principal(request)
    return services(request).container.settings.tenant if principal is None else principal.tenant


def tenant_policies(request: Request) -> tuple[Policy, ...]:
    """The limits that this tenant has."""
    principal = _principal(request)
    return () if principal is None else principal.policies


def is_admin(request: Request) -> bool:
    """Whether an operator asks: where keys are asked for, one with the scope `admin`."""
    principal = _principal(request)
    return principal is None or principal.may(Scope.ADMIN)


def _principal(request: Request) -> Principal | None:
    found: Principal | None = request.scope["state"].get("principal")
    return found
