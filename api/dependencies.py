"""What the routes work with."""

from dataclasses import dataclass, field
from functools import cached_property

from starlette.requests import Request

from api.entrance import Entrance
from api.request_tally import RequestTally
from api.slots import Slots
from api.turns import Turns
from models.registry import Registry
from shared.access.principal import Principal, Scope
from shared.backlog.company import Company
from shared.container import Container
from shared.domain.rate_limits import Policy
from shared.errors import TooManyStreams, TooManyUploads


def _streams() -> Slots:
    return Slots(TooManyStreams, "GET with ?wait= works as well")


def _downloads() -> Slots:
    return Slots(TooManyStreams, "the list has it in pages")


def _uploads() -> Slots:
    return Slots(TooManyUploads, "send it again when others are done")


@dataclass(frozen=True)
class Services:
    """`entrance` is there where keys are asked for."""

    container: Container
    registry: Registry
    entrance: Entrance | None = None
    turns: Turns = field(default_factory=Turns)
    tally: RequestTally = field(default_factory=RequestTally)
    streams: Slots = field(default_factory=_streams)
    uploads: Slots = field(default_factory=_uploads)
    downloads: Slots = field(default_factory=_downloads)

    @cached_property
    def company(self) -> Company:
        """This process among the others, with what it found when it was first asked: at its start.

        Raises BusyError.
        """
        return self.container.company("api", self.registry.fingerprint, with_sql=True)


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
