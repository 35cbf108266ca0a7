"""Dead letters on the wire, and the parameters that choose some of them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import RowMapping

from api.cursors import decode_cursor, encode_cursor, read_edge
from api.query_parameters import read_moment, refused
from models.manifest import is_name
from shared.domain.failures import OPERATORS
from shared.domain.prediction import wire_time
from shared.jobs.dead_letters import Found, Position, Wanted

FILTERS = ("model", "code", "retried", "died_after", "died_before")
PLACE = ("limit", "cursor")

_FLAGS = {"true": True, "false": False}


def read_wanted(parameters: Mapping[str, str], tenant: str) -> Wanted:
    """Raises InvalidParameter."""
    model, code = parameters.get("model"), parameters.get("code")
    if model is not None and not is_name(model):
        raise refused("model", "should be the name of a model")
    if code is not None and code not in OPERATORS:
        raise refused("code", f"should be one of {', '.join(OPERATORS)}")
    retried = parameters.get("retried")
    if retried is not None and retried not in _FLAGS:
        raise refused("retried", "should be true or false")
    return Wanted(
        tenant,
        model,
        code,
        _FLAGS[retried] if retried is not None else None,
        read_moment(parameters, "died_after"),
        read_moment(parameters, "died_before"),
    )


def read_place(parameters: Mapping[str, str], tenant: str) -> Position | None:
    """Behind which letter a page begins; raises InvalidParameter."""
    position = decode_cursor(parameters, *_identity(parameters, tenant))
    return read_edge(position) if position is not None else None


def page_view(
    found: Found, parameters: Mapping[str, str], tenant: str, limit: int, base: str
) -> dict[str, Any]:
    """The answer; `base` is the URL of the API."""
    following = None
    if found.edge is not None:
        moment, job_id = found.edge
        place = [wire_time(moment), job_id]
        cursor = encode_cursor(place, *_identity(parameters, tenant))
        query = {**_filters(parameters), "limit": str(limit), "cursor": cursor}
        following = f"{base}/dead-letters?{urlencode(query)}"
    results = [letter_view(row, base) for row in found.rows]
    return {"next": following, "previous": None, "results": results}


def letter_view(row: RowMapping, base: str) -> dict[str, Any]:
    """One letter."""
    url, prediction = f"{base}/dead-letters/{row['id']}", f"{base}/predictions/{row['id']}"
    urls = {"get": url, "retry": f"{url}/retry", "prediction": prediction}
    if row["retried_as"] is not None:
        urls["retried_as"] = f"{base}/predictions/{row['retried_as']}"
    return {
        "id": row["id"],
        "model": row["model"],
        "version": f"{row['model']}:{row['version']}",
        "error_code": row["error_code"],
        "error": row["error"],
        "attempts": row["attempt"],
        "crashes": row["crashes"],
        "has_input": bool(row["has_input"]),
        "retry_of": row["retry_of"],
        "retried_as": row["retried_as"],
        "created_at": wire_time(row["created_at"]),
        "died_at": wire_time(row["completed_at"]),
        "urls": urls,
    }


def _identity(parameters: Mapping[str, str], tenant: str) -> tuple[str, ...]:
    return ("dead-letters", tenant, urlencode(sorted(_filters(parameters).items())))


def _filters(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in PLACE}
