"""Behind the key and ahead of the body: has the tenant room for this request?"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from api.scopes import OPEN, SUBMITS
from shared.access.principal import Principal
from shared.access.usage import Usage
from shared.container import Container
from shared.domain.rate_limits import BYTES, Policy, limit_reached
from shared.errors import LengthRequired, PayloadTooLarge
from shared.jobs.admission import Admission

_WITH_BODY = ("POST", "PUT", "PATCH")


class UsageLimits:
    """`everybody` is who calls where nobody is asked for a key."""

    def __init__(
        self, app: ASGIApp, usage: Usage, admission: Admission, everybody: Principal | None
    ) -> None:
        self._app = app
        self._usage = usage
        self._admission = admission
        self._everybody = everybody

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (policies := self._policies(scope)):
            tenant = scope["state"]["principal"].tenant
            await self._require(scope, tenant, policies)
        await self._app(scope, receive, send)

    def _policies(self, scope: Scope) -> tuple[Policy, ...]:
        state = scope["state"]
        if self._everybody is not None and not OPEN.fullmatch(scope["path"]):
            state["principal"] = self._everybody
        principal: Principal | None = state.get("principal")
        return () if principal is None else principal.policies

    async def _require(self, scope: Scope, tenant: str, policies: tuple[Policy, ...]) -> None:
        for policy in policies:
            if policy.window_seconds is None:
                if scope["method"] in _WITH_BODY and SUBMITS.fullmatch(scope["path"]):
                    await self._admission.require_tenant_room(tenant, policies)
                continue
            cost = 1 if policy.unit == "requests" else _body_bytes(scope)
            await _use(self._usage, tenant, policies, policy, cost)


async def use_bytes(scope: Scope, container: Container, size: int) -> None:
    """Counts what a request brings besides its body, as if it stood there; raises RateLimited."""
    principal: Principal | None = scope["state"].get("principal")
    if principal is None:
        return
    policies = principal.policies
    for policy in policies:
        if policy.unit == BYTES:
            await _use(container.usage, principal.tenant, policies, policy, size)


async def _use(
    usage: Usage, tenant: str, policies: Sequence[Policy], policy: Policy, cost: int
) -> None:
    if cost > policy.quota:  # that never fits
        raise PayloadTooLarge(f"this tenant may use {policy.quota} {policy.name} in a day")
    wait = await usage.use(tenant, policy, cost) if cost else None
    if wait is not None:
        detail = f"this tenant may use {policy.quota} {policy.name} in {_long(policy)}"
        raise limit_reached(detail, policies, policy, wait)


def _body_bytes(scope: Scope) -> int:
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            raise LengthRequired("say how long the body is: Content-Length")
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length


def _long(policy: Policy) -> str:
    return "a second" if policy.window_seconds == 1 else "a day"
