"""Cursors: where a page of a list begins. Opaque to clients, and good for one list only."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import orjson

from api.query_parameters import refused
from shared.domain.ids import parse_job_id
from shared.jobs.new_job import fingerprint

_CHECK_CHARS = 12


def encode_cursor(position: list[str], *of_list: str) -> str:
    """`of_list` is whatever decides which results the list has."""
    data = orjson.dumps([_check(position, of_list), *position])
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode_cursor(parameters: Mapping[str, str], *of_list: str) -> list[str] | None:
    """The position, None without a cursor; raises InvalidParameter for another list's cursor."""
    text = parameters.get("cursor")
    if text is None:
        return None
    position: list[str]
    try:
        check, *position = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        check, position = None, []
    if not all(map(_is_text, position)) or check != _check(position, of_list):
        raise refused("cursor", "should be taken from `next` or `previous` of the same list")
    return position


def read_edge(position: list[str]) -> tuple[datetime, str]:
    """`created_at` and id in a cursor, whose check keeps nobody from making one.

    Raises InvalidParameter for what they cannot be.
    """
    with suppress(ValueError, OverflowError):  # what is no such pair meets the refusal below
        created_at, last_id = position
        if parse_job_id(last_id) == last_id:
            return datetime.fromisoformat(created_at).astimezone(UTC), last_id
    raise refused("cursor", "is no place in this list")


def _is_text(one: object) -> bool:
    """What every database takes as text."""
    return isinstance(one, str) and one.isprintable()


def _check(position: list[str], of_list: tuple[str, ...]) -> str:
    return fingerprint(*of_list, orjson.dumps(position))[:_CHECK_CHARS]
