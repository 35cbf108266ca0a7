"""The list of predictions: cursor pages, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from api.cursors import decode_cursor, encode_cursor
from api.query_parameters import read_limit, refused
from models.manifest import is_name
from shared.domain.prediction import Snapshot
from shared.domain.states import State
from shared.domain.wire import on_the_wire
from shared.jobs.store import Page

PARAMETERS = ("limit", "cursor", "model", "version", "status")

# SQL does not know how far an unfinished job is, so both words find all of them.
STATUSES: dict[str, tuple[str, ...]] = {
    "starting": (State.QUEUED.value,),
    "processing": (State.QUEUED.value,),
    "succeeded": (State.SUCCEEDED.value,),
    "failed": (State.FAILED.value,),
    "canceled": (State.CANCELED.value,),
}

Direction = Literal["older", "newer"]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list; `page` asks for one row more, which tells whether others follow."""

    page: Page
    filters: Mapping[str, str]
    limit: int
    direction: Direction
    is_first: bool

    def render(self, rows: Sequence[Snapshot], base: str) -> dict[str, Any]:
        """The answer; `rows` are what `page` found, newest first, `base` is the API's URL."""
        newer = self.direction == "newer"
        results = rows[-self.limit :] if newer else rows[: self.limit]
        more = len(rows) > self.limit
        return {
            "next": self._link("older", results[-1:], base) if newer or more else None,
            "previous": self._link("newer", results[:1], base)
            if (more if newer else not self.is_first)
            else None,
            "results": [on_the_wire(row, base) for row in results],
        }

    def _link(self, direction: Direction, edge: Sequence[Snapshot], base: str) -> str | None:
        if not edge:
            return None
        position = [direction, edge[0]["created_at"], edge[0]["id"]]
        cursor = encode_cursor(position, *_identity(self.page.tenant, self.filters))
        query = {**self.filters, "limit": str(self.limit), "cursor": cursor}
        return f"{base}/predictions?{urlencode(query)}"


def read_listing(parameters: Mapping[str, str], tenant: str) -> Listing:
    """Raises InvalidParameter."""
    filters = {name: parameters[name] for name in PARAMETERS[2:] if name in parameters}
    model, version = _model_and_version(filters)
    position = decode_cursor(parameters, *_identity(tenant, filters))
    direction: Direction = position[0] if position else "older"
    edge = (datetime.fromisoformat(position[1]), position[2]) if position else None
    limit = read_limit(parameters)
    page = Page(
        tenant=tenant,
        limit=limit + 1,
        model=model,
        version=version,
        status=_status(filters),
        before=edge if direction == "older" else None,
        after=edge if direction == "newer" else None,
    )
    return Listing(page, filters, limit, direction, is_first=position is None)


def _identity(tenant: str, filters: Mapping[str, str]) -> tuple[str, ...]:
    return ("predictions", tenant, urlencode(sorted(filters.items())))


def _model_and_version(filters: Mapping[str, str]) -> tuple[str | None, str | None]:
    """From `model=name` and `version=name:version`, the form that predictions show."""
    model, version = filters.get("model"), None
    if "version" in filters:
        name, _, version = filters["version"].partition(":")
        if not is_name(name) or not is_name(version) or model not in (None, name):
            raise refused("version", "should be name:version, of the same model as `model`")
        model = name
    if model is not None and not is_name(model):
        raise refused("model", "should be the name of a model")
    return model, version


def _status(filters: Mapping[str, str]) -> tuple[str, ...]:
    if "status" not in filters:
        return ()
    if filters["status"] not in STATUSES:
        raise refused("status", f"should be one of {', '.join(STATUSES)}")
    return STATUSES[filters["status"]]
