"""The outputs of predictions that were waited for, or why there are none."""

from collections.abc import Sequence
from typing import Any

import orjson

from api.stored_payload import stored_bytes
from shared.container import Container
from shared.domain.failures import Failure
from shared.domain.prediction import Snapshot
from shared.errors import (
    InvalidImage,
    InvalidInput,
    NotDoneInTime,
    NotFound,
    PredictionFailed,
    QueuecastError,
    Unavailable,
)

_REFUSED: dict[str | None, type[QueuecastError]] = {
    Failure.INVALID_IMAGE: InvalidImage,
    Failure.INVALID_INPUT: InvalidInput,
    Failure.MODEL_UNAVAILABLE: Unavailable,
    Failure.STORAGE_UNAVAILABLE: Unavailable,
}


async def outputs_of(container: Container, predictions: Sequence[Snapshot]) -> list[Any]:
    """One for each; raises NotDoneInTime, PredictionFailed, InvalidInput or Unavailable."""
    if pending := [one["id"] for one in predictions if _is_late(one)]:
        raise NotDoneInTime("the predictions have not ended in time", job_ids=pending)
    for row, one in enumerate(predictions):
        if one["status"] != "succeeded":
            raise _failure(one, f"row {row}: " if len(predictions) > 1 else "")
    return [await _output(container, one) for one in predictions]


def _is_late(prediction: Snapshot) -> bool:
    return not prediction["terminal"] or prediction["error_code"] == Failure.DEADLINE_EXCEEDED


def _failure(prediction: Snapshot, where: str) -> QueuecastError:
    detail = f"{where}{prediction['error'] or 'the prediction was canceled'}"
    refused = _REFUSED.get(prediction["error_code"])
    if refused is not None:
        return refused(detail)
    return PredictionFailed(detail, job_ids=[prediction["id"]])


async def _output(container: Container, prediction: Snapshot) -> Any:
    """As plain values, wherever it stands."""
    if "output_ref" in prediction:
        data = await stored_bytes(container.blobs, prediction["output_ref"])
        if data is None:
            raise NotFound("the output is not kept any more")
        return orjson.loads(data)
    output = prediction["output"]
    return orjson.loads(orjson.dumps(output)) if isinstance(output, orjson.Fragment) else output
