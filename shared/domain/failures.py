"""Why a job failed: the words of `error_code`."""

from enum import StrEnum

DEADLINE_PASSED = "the deadline passed before it had ended"


class Failure(StrEnum):
    """Each with what its job did, as the catalogue of errors tells it (docs/13-errors.md)."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> "Failure":
        failure = str.__new__(cls, code)
        failure._value_ = code
        failure.meaning = meaning
        return failure

    INVALID_IMAGE = "invalid_image", "had an image whose pixels cannot be read"
    INVALID_INPUT = "invalid_input", "had an input that only its values gave away"
    PREPROCESS_FAILED = "preprocess_failed", "made its model's `preprocess` raise"
    PREDICTION_FAILED = "prediction_failed", "made the run of its model raise"
    POSTPROCESS_FAILED = "postprocess_failed", "made its model's `postprocess` raise"
    NON_FINITE_OUTPUT = "non_finite_output", "came to NaN or infinity"
    OUTPUT_TOO_LARGE = "output_too_large", "came to more bytes than are kept"
    OUTPUT_NOT_STORABLE = "output_not_storable", "came to what the database does not take"
    INPUT_LOST = "input_lost", "had a large input that is in the blob store no more"
    STORAGE_UNAVAILABLE = (
        "storage_unavailable",
        "met a blob store that took nothing, 20 times over, more than three minutes long",
    )
    MODEL_UNAVAILABLE = "model_unavailable", "named a model that no worker can load now"
    WORKER_LOST = "worker_lost", "saw three workers die while they ran it"
    DEADLINE_EXCEEDED = "deadline_exceeded", "had not ended by its deadline"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded", "ran longer than its model may"


OPERATORS = (
    Failure.WORKER_LOST,
    Failure.TIME_LIMIT_EXCEEDED,
    Failure.MODEL_UNAVAILABLE,
    Failure.STORAGE_UNAVAILABLE,
    Failure.INPUT_LOST,
    Failure.OUTPUT_NOT_STORABLE,
)
"""Failures that say more of the service than of the input: their jobs are dead letters, which wait
for somebody to look and to send them again. An index of the database has these words in it.
"""
