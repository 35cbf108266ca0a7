"""Who a request comes from, once that is known."""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Principal:
    """The tenant that a request acts for, and what it may do and use."""

    tenant: str
    scopes: frozenset[Scope]
    limits: Limits = Limits()

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes
