"""Which predictions of a list are wanted, as its query says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def as_query(
    *,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
    **named: str | None,
) -> dict[str, str | None]:
    """The parameters; moments without a zone are local time."""
    moments = {"created_after": created_after, "created_before": created_before}
    said = {name: one.astimezone().isoformat() for name, one in moments.items() if one}
    own = {f"metadata.{key}": _text(value) for key, value in (metadata or {}).items()}
    return {**named, **said, **own}


def _text(value: Any) -> str:
    """Text as it is, other values as JSON writes them."""
    return value if isinstance(value, str) else json.dumps(value)
