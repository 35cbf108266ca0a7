"""The prediction log on the wire: its rows, feedback, and what many of them come to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping

from shared.domain.prediction import wire_time
from shared.jobs.views import metrics
from shared.prediction_log import accuracy, distribution
from shared.prediction_log.accuracy import Accuracy, Span
from shared.prediction_log.distribution import Distribution

_COPIED = (
    "digest", "input_hash", "input_bytes", "input_shape", "status", "error_code", "cache",
    "label", "score", "value",
)  # fmt: skip
_TIMES = ("queue_time", "preprocess_time", "predict_time", "batch_size", "total_time")
_SAID = ("label", "value", "source", "comment")


def logged_view(row: RowMapping, base: str, *, whole: bool = False) -> dict[str, Any]:
    """A row of the log; a `whole` one has its output too. `base` is the URL of the API."""
    view = {
        "id": row["job_id"],
        "model": row["model"],
        "version": f"{row['model']}:{row['version']}",
        **{name: row[name] for name in _COPIED},
        "summary": _json(row["summary"]),
        "input": _json(row["input"]),
        "attempts": row["attempt"],
        "metrics": metrics(*(row[name] for name in _TIMES)),
        "feedback": _said(row),
        "created_at": wire_time(row["created_at"]),
        "completed_at": wire_time(row["completed_at"]),
        "urls": {
            "get": f"{base}/prediction-log/{row['job_id']}",
            "prediction": f"{base}/predictions/{row['job_id']}",
            "feedback": f"{base}/predictions/{row['job_id']}/feedback",
        },
    }
    return view | {"output": _json(row["output"])} if whole else view


def feedback_view(row: RowMapping) -> dict[str, Any]:
    """What is said to be true of a prediction, beside what was predicted."""
    labels = row["label"], row["predicted_label"]
    values = row["value"], row["predicted_value"]
    return {
        "id": row["job_id"],
        "version": f"{row['model']}:{row['version']}",
        **{name: row[name] for name in _SAID},
        "predicted_label": labels[1],
        "predicted_value": values[1],
        "right": None if None in labels else labels[0] == labels[1],
        "error": None if None in values else values[1] - values[0],
        "given_at": wire_time(row["given_at"]),
        "changes": row["changes"],
    }


def accuracy_view(found: Accuracy, span: Span, *, hourly: bool) -> dict[str, Any]:
    versions = sorted({row["version"] for row in found.over_time})
    rows = {one: [row for row in found.over_time if row["version"] == one] for one in versions}
    return _about(span, hourly=hourly) | {
        "looked_at": found.looked_at,
        "complete": found.looked_at < accuracy.NEWEST,
        "totals": [_version(span, one) | _measures(rows[one]) for one in versions],
        "over_time": [_place(span, row) | _measures([row]) for row in found.over_time],
        "confusion": [
            {"label": row["label"], "predicted": row["predicted_label"], "count": row["count"]}
            for row in found.confusion
        ],
    }


def distribution_view(found: Distribution, span: Span, *, hourly: bool) -> dict[str, Any]:
    numbers = ("label", "count", "mean_score", "min_value", "max_value", "mean_value")
    all_groups = len(found.over_time) < distribution.GROUPS_MAX
    return _about(span, hourly=hourly) | {
        "looked_at": found.looked_at,
        "complete": found.looked_at < distribution.NEWEST and all_groups,
        "over_time": [
            _place(span, row) | {name: row[name] for name in numbers} for row in found.over_time
        ],
    }


def _about(span: Span, *, hourly: bool) -> dict[str, Any]:
    version = _version(span, span.version) if span.version else {"version": None}
    return {"model": span.model, **version, "by": "hour" if hourly else "day"}


def _place(span: Span, row: RowMapping) -> dict[str, str]:
    begins = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
    return {"at": wire_time(begins)} | _version(span, row["version"])


def _version(span: Span, version: str) -> dict[str, Any]:
    return {"version": f"{span.model}:{version}"}


def _measures(rows: Sequence[RowMapping]) -> dict[str, Any]:
    names = ("labels", "right", "values", "absolute_error", "error")
    labels, right, values, absolute, error = (sum(row[one] or 0 for row in rows) for one in names)
    return {
        "labels": labels,
        "right": right,
        "accuracy": right / labels if labels else None,
        "values": values,
        "mean_absolute_error": absolute / values if values else None,
        "mean_error": error / values if values else None,
    }


def _said(row: RowMapping) -> dict[str, Any] | None:
    if row["truth_at"] is None:
        return None
    said = {name: row[f"truth_{name}"] for name in _SAID}
    return said | {"given_at": wire_time(row["truth_at"]), "changes": row["truth_changes"]}


def _json(data: bytes | None) -> Any:
    return orjson.Fragment(data) if data is not None else None
