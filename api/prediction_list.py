"""The list of predictions: cursor pages, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.requests import Request

from api.cursors import decode_cursor, encode_cursor, read_edge
from api.query_parameters import read_limit, read_moment, read_parameters, refused
from api.submission import METADATA_MAX_KEYS
from models.manifest import is_name
from shared.domain.prediction import Snapshot, wire_time
from shared.domain.states import State
from shared.domain.wire import on_the_wire
from shared.jobs.listing import Page, Position
from shared.jobs.metadata import pair

METADATA = "metadata."
"""What stands before one of the client's own keys."""

FILTERS = ("model", "version", "status", "created_after", "created_before")
PLACE = ("limit", "cursor")

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

    def render(
        self,
        rows: Sequence[Snapshot],
        base: str,
        edge: Position | None = None,
        kept: timedelta | None = None,
    ) -> dict[str, Any]:
        """The answer; `rows` are what `page` found, newest first, `base` is the API's URL.

        `kept` is how long results can be read. With an `edge` others follow behind it, though the
        page is not full.
        """
        newer = self.direction == "newer"
        results = rows[-self.limit :] if newer else rows[: self.limit]
        oldest, newest = (_position(one[0]) if one else None for one in (results[-1:], results))
        if edge is not None:
            further: Position | None = edge
        elif len(rows) > self.limit:
            further = newest if newer else oldest
        else:
            further = None
        older_from = oldest if newer else further
        newer_from = further if newer else (None if self.is_first else newest)
        return {
            "next": self._link("older", older_from, base),
            "previous": self._link("newer", newer_from, base),
            "results": [on_the_wire(row, base, kept) for row in results],
        }

    def _link(self, direction: Direction, edge: Position | None, base: str) -> str | None:
        if edge is None:
            return None
        position = [direction, wire_time(edge[0]), edge[1]]
        cursor = encode_cursor(position, *_identity(self.page.tenant, self.filters))
        query = {**self.filters, "limit": str(self.limit), "cursor": cursor}
        return f"{base}/predictions?{urlencode(query)}"


def read_listing(parameters: Mapping[str, str], tenant: str) -> Listing:
    """Raises InvalidParameter."""
    filters = {name: value for name, value in parameters.items() if name not in PLACE}
    model, version = model_and_version(filters)
    place = decode_cursor(parameters, *_identity(tenant, filters))
    direction: Direction = "newer" if place and place[0] == "newer" else "older"
    edge = read_edge(place[1:]) if place is not None else None
    limit = read_limit(parameters)
    page = Page(
        tenant=tenant,
        limit=limit + 1,
        model=model,
        version=version,
        status=_status(filters),
        pairs=_pairs(filters),
        since=read_moment(filters, "created_after"),
        until=read_moment(filters, "created_before"),
        before=edge if direction == "older" else None,
        after=edge if direction == "newer" else None,
    )
    return Listing(page, filters, limit, direction, is_first=edge is None)


def parameters_of(request: Request) -> Mapping[str, str]:
    """What the list is asked for; raises InvalidParameter."""
    own = (name for name in request.query_params if name.startswith(METADATA))
    return read_parameters(request, *PLACE, *FILTERS, *own)


def _position(row: Snapshot) -> Position:
    return datetime.fromisoformat(row["created_at"]), row["id"]


def _pairs(filters: Mapping[str, str]) -> tuple[str, ...]:
    own = {
        name.removeprefix(METADATA): value
        for name, value in filters.items()
        if name.startswith(METADATA)
    }
    if len(own) > METADATA_MAX_KEYS:
        raise refused("metadata", f"a prediction has at most {METADATA_MAX_KEYS} keys")
    return tuple(pair(key, value) for key, value in own.items())


def _identity(tenant: str, filters: Mapping[str, str]) -> tuple[str, ...]:
    return ("predictions", tenant, urlencode(sorted(filters.items())))


def model_and_version(filters: Mapping[str, str]) -> tuple[str | None, str | None]:
    """From `model=name` and `version=name:version`, the form that predictions show.

    Raises InvalidParameter.
    """
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
