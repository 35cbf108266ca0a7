"""Deliveries and endpoints on the wire."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from shared.domain.prediction import wire_time
from shared.webhooks.deliveries import Told


def delivery_view(told: Told, base: str) -> dict[str, Any]:
    """`base` is the URL of the API."""
    row, url = told.row, f"{base}/deliveries/{told.row['id']}"
    urls = {"get": url, "replay": f"{url}/replay"}
    if row["job_id"] is not None:
        urls["prediction"] = f"{base}/predictions/{row['job_id']}"
    return {
        "id": row["id"],
        "prediction": row["job_id"],
        "event": row["event"],
        "url": row["url"],
        "status": row["state"],
        "error": row["error"],
        "attempts": [_attempt(one) for one in told.attempts],
        "next_attempt_at": wire_time(row["due_at"]) if row["state"] == "pending" else None,
        "created_at": wire_time(row["created_at"]),
        "finished_at": _time(row["finished_at"]),
        "urls": urls,
    }


def endpoint_view(row: RowMapping, base: str, *, enabled: bool = False) -> dict[str, Any]:
    """One that has just been enabled has no trouble left to show."""
    status = "disabled" if row["disabled_at"] else "failing"
    return {
        "id": row["id"],
        "url": row["url"],
        "status": "enabled" if enabled else status,
        "reason": None if enabled else row["reason"],
        "failing_since": None if enabled else wire_time(row["failing_since"]),
        "disabled_at": None if enabled else _time(row["disabled_at"]),
        "urls": {"enable": f"{base}/webhooks/endpoints/{row['id']}/enable"},
    }


def _attempt(row: RowMapping) -> dict[str, Any]:
    return {
        "number": row["number"],
        "started_at": wire_time(row["started_at"]),
        "seconds": round(row["seconds"], 6),
        "status": row["status"],
        "error": row["error"],
        "answer": row["answer"],
    }


def _time(moment: datetime | None) -> str | None:
    return wire_time(moment) if moment else None
