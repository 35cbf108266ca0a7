"""What a stream tells of a prediction: each event once, in order, under an id of its own.

The id names attempt and event, `2-predicting`: it is the same in every process, and whoever comes
back with it hears only what stands behind it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import orjson

from shared.domain.prediction import Snapshot
from shared.domain.states import Progress, State
from shared.domain.wire import on_the_wire

_START, _OUTPUT, _ERROR, _COMPLETED, _DONE = "start", "output", "error", "completed", "done"

# In this order they come; a stage is an event of its own.
_ORDER = (
    Progress.QUEUED.value,
    _START,
    Progress.PREPROCESSING.value,
    Progress.PREDICTING.value,
    _OUTPUT,
    _ERROR,
    _COMPLETED,
    _DONE,
)
_ALWAYS = frozenset({_OUTPUT, _ERROR, _DONE})
"""Replicate's clients raise on any other event, so these come unless more is asked for."""

_EVENT_ID = re.compile(r"([0-9]{1,9})-([a-z]{1,16})", re.ASCII)

_REASONS = {
    State.SUCCEEDED.value: {},
    State.FAILED.value: {"reason": "error"},
    State.CANCELED.value: {"reason": "canceled"},
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the course of a job an event stands."""

    attempt: int
    rank: int

    @classmethod
    def of(cls, event_id: str) -> Self | None:
        """What an id stands for; None for one that is none of ours."""
        match = _EVENT_ID.fullmatch(event_id)
        if match is None or match[2] not in _ORDER:
            return None
        return cls(int(match[1]), _ORDER.index(match[2]))

    @property
    def is_last(self) -> bool:
        return _ORDER[self.rank] == _DONE


BEGINNING = Place(0, 0)


class PredictionEvents:
    """Of one stream: `every` says whether stages are told too, `behind` where it goes on.

    `base` is the URL of the API, `kept` how long results can be read.
    """

    def __init__(
        self,
        base: str,
        *,
        every: bool,
        behind: Place = BEGINNING,
        kept: timedelta | None = None,
    ) -> None:
        self._base = base
        self._kept = kept
        self.every = every
        self._behind = behind

    def of(self, prediction: Snapshot) -> bytes:
        """What is new about it, as server-sent events; empty when that is nothing."""
        told = b""
        for name, event, data in self._candidates(prediction):
            place = Place(prediction["attempt"], _ORDER.index(name))
            if place > self._behind and (self.every or name in _ALWAYS):
                self._behind = place
                told += b"id: %d-%b\nevent: %b\ndata: %b\n\n" % (
                    place.attempt,
                    name.encode(),
                    event.encode(),
                    data,
                )
        return told

    def _candidates(self, prediction: Snapshot) -> Iterator[tuple[str, str, bytes]]:
        """All that holds by now, in order: what the id names, the event, its data."""
        shown = b""
        if self.every:
            shown = orjson.dumps(on_the_wire(prediction, self._base, self._kept))
        if prediction["started_at"] or prediction["status"] == "processing":
            yield _START, _START, shown
        if not prediction["terminal"]:
            yield prediction["stage"], "stage", orjson.dumps({"stage": prediction["stage"]})
            return
        status = prediction["status"]
        if status == State.SUCCEEDED:
            yield _OUTPUT, _OUTPUT, self._output(prediction)
        elif status == State.FAILED:
            why = {"detail": prediction["error"], "code": prediction["error_code"]}
            yield _ERROR, _ERROR, orjson.dumps(why)
        yield _COMPLETED, _COMPLETED, shown
        yield _DONE, _DONE, orjson.dumps(_REASONS[status])

    def _output(self, prediction: Snapshot) -> bytes:
        """JSON; or, in place of a large one, the bare URL where it stands."""
        if "output_ref" in prediction:
            return f"{self._base}/predictions/{prediction['id']}/output".encode()
        return orjson.dumps(prediction["output"])
