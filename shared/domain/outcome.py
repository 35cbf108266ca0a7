"""An outcome: what a job came to."""

from typing import NamedTuple

from shared.domain.failures import Failure
from shared.domain.states import State


class Outcome(NamedTuple):
    """The end of one attempt of a job, before SQL has accepted it.

    `output` is JSON, already encoded: nobody between the processor and the client parses it. A
    large one stands in the blob store under `output_ref` instead. Times are seconds.
    `input_shape` says what the model was fed, such as `pixels:1x64`.

    A named tuple, as every job makes several: it costs a third of a frozen dataclass.
    """

    state: State
    output: bytes | None = None
    output_ref: str | None = None
    error: str | None = None
    error_code: str | None = None
    queue_time: float | None = None
    preprocess_time: float | None = None
    predict_time: float | None = None
    batch_size: int | None = None
    started_at: float | None = None
    input_shape: str | None = None

    @classmethod
    def failed(cls, code: Failure | str, error: str) -> "Outcome":
        return cls(State.FAILED, error=error, error_code=str(code))
