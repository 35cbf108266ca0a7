"""Who a request comes from, once that is known."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self

from shared.domain.rate_limits import BYTES, Policy
from shared.settings import Settings

DAY_SECONDS = 86_400


class Scope(StrEnum):
    """What a key may be used for; `admin` may do everything."""

    PREDICT = "predict"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tenant may use; 0: as much as there is."""

    requests_per_second: int = 0
    jobs_in_flight: int = 0
    bytes_per_day: int = 0

    @classmethod
    def default(cls, settings: Settings) -> Self:
        return cls(
            settings.tenant_requests_per_second,
            settings.tenant_jobs_in_flight,
            settings.tenant_bytes_per_day,
        )

    def with_own(self, row: Mapping[str, int | None]) -> Self:
        """Those of a tenant that has some of its own; NULL is none."""
        own = {field.name: row[field.name] for field in fields(self)}
        return replace(self, **{name: most for name, most in own.items() if most is not None})

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Those that hold, each under the name of its field."""
        told = (
            Policy("requests", self.requests_per_second, 1),
            Policy("jobs", self.jobs_in_flight, unit="concurrent-requests"),
            Policy("bytes", self.bytes_per_day, DAY_SECONDS, BYTES),
        )
        return tuple(policy for policy in told if policy.quota)


@dataclass(frozen=True, slots=True)
class Principal:
    """The tenant that a request acts for, and what it may do and use."""

    tenant: str
    scopes: frozenset[Scope]
    policies: tuple[Policy, ...] = ()

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes
