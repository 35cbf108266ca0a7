"""Lists come in pages; a query asks for one and knows the following."""

from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from queuecast.steps import Request

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Query:
    """One page of the list at `path`; `remaining` results are still wanted, None for all."""

    path: str
    params: dict[str, str] = field(default_factory=dict)
    remaining: int | None = None

    @classmethod
    def of(cls, path: str, limit: int | None = None, **filters: str | None) -> Self | None:
        """The first page, or None when nothing is wanted."""
        if limit is not None and limit <= 0:
            return None
        params = {name: value for name, value in filters.items() if value is not None}
        size = PAGE_SIZE if limit is None else min(limit, PAGE_SIZE)
        return cls(path, params | {"limit": str(size)}, limit)

    def request(self) -> Request:
        return Request("GET", self.path, self.params)

    def following(self, next: str | None, received: int) -> Self | None:
        """The page that `next` points to, asked of the server we know.

        Only the query string is taken over: `next` may name a host that is unreachable from here,
        and the API key goes to nobody but the base URL.
        """
        remaining = None if self.remaining is None else self.remaining - received
        if not next or (remaining is not None and remaining <= 0):
            return None
        return replace(self, params=dict(parse_qsl(urlsplit(next).query)), remaining=remaining)
