"""Predictions and models in the few words of a line or a table row."""

import json
from typing import Any

from queuecast.log_results import LoggedPrediction, Measures
from queuecast.results import Delivery, File, Model, Prediction

PREDICTION_COLUMNS = ("id", "model", "status", "created", "seconds", "error")
FILE_COLUMNS = ("id", "name", "type", "bytes", "expires")
DELIVERY_COLUMNS = ("id", "event", "status", "attempts", "last", "next", "url")
LOG_COLUMNS = ("id", "version", "status", "label", "score", "truth", "cache", "ended")
MEASURE_COLUMNS = ("from", "version", "compared", "accuracy", "mean absolute error")
MODEL_COLUMNS = ("name", "default", "versions", "description")


def printable(text: str) -> str:
    """One line in which nothing moves a terminal's cursor or changes its colours."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def summary(prediction: Prediction) -> str:
    """How it ended: `digits:2 succeeded in 0.031 s (batch 4)` or why it did not."""
    metrics = prediction.metrics
    what = f"{prediction.version or prediction.model or prediction.id} {prediction.status}"
    if not prediction.succeeded:
        reason = filter(None, (prediction.error_code, prediction.error))
        return printable(": ".join([what, *reason]))
    took = "" if metrics.total_time is None else f" in {metrics.total_time:.3f} s"
    extras = [f"cache {prediction.cache}"] if prediction.cache not in (None, "miss") else []
    extras += [f"batch {metrics.batch_size}"] if metrics.batch_size else []
    return f"{what}{took}" + (f" ({', '.join(extras)})" if extras else "")


def prediction_row(prediction: Prediction) -> tuple[str, ...]:
    created, total = prediction.created_at, prediction.metrics.total_time
    unfinished = not prediction.done and prediction.stage
    return (
        prediction.id,
        prediction.version or prediction.model or "",
        unfinished or prediction.status,
        created.strftime("%Y-%m-%d %H:%M:%S") if created else "",
        "" if total is None else f"{total:.3f}",
        prediction.error_code or "",
    )


def file_row(file: File) -> tuple[str, ...]:
    return (
        file.id,
        printable(file.name or ""),
        file.content_type or "",
        "" if file.size is None else str(file.size),
        file.expires_at.strftime("%Y-%m-%d %H:%M:%S") if file.expires_at else "",
    )


def delivery_row(delivery: Delivery) -> tuple[str, ...]:
    last = delivery.attempts[-1] if delivery.attempts else None
    due = delivery.next_attempt_at
    return (
        delivery.id,
        delivery.event or "",
        delivery.status,
        str(len(delivery.attempts)),
        str((last and last.status) or delivery.error or ""),
        due.strftime("%Y-%m-%d %H:%M:%S") if due else "",
        printable(delivery.url or ""),
    )


def log_row(row: LoggedPrediction) -> tuple[str, ...]:
    truth, ended = row.feedback, row.completed_at
    return (
        row.id,
        row.version or "",
        row.error_code or row.status,
        printable(row.label or _number(row.value)),
        _number(row.score),
        printable(truth.label or _number(truth.value)) if truth else "",
        row.cache or "",
        ended.strftime("%Y-%m-%d %H:%M:%S") if ended else "",
    )


def measure_row(row: Measures) -> tuple[str, ...]:
    return (
        row.at.strftime("%Y-%m-%d %H:%M") if row.at else "all",
        row.version,
        str(row.labels or row.values),
        _number(row.accuracy),
        _number(row.mean_absolute_error),
    )


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"


def model_row(model: Model) -> tuple[str, ...]:
    versions = [version.version or "?" for version in model.versions]
    aliases = [f"{alias}={_local(version)}" for alias, version in model.aliases.items()]
    return (
        model.name,
        _local(model.default_version or ""),
        " ".join(versions + aliases),
        printable(model.description or ""),
    )


def _local(version: str) -> str:
    """`2` of `digits:2`: beside the model's name the rest is no news."""
    return version.rpartition(":")[2]


def value(told: Any) -> str:
    """One field of a result: text as it is, a small structure on one line, a large one indented."""
    if isinstance(told, str):
        return printable(told)
    line = json.dumps(told, ensure_ascii=False)
    return line if len(line) <= 80 else json.dumps(told, ensure_ascii=False, indent=2)
