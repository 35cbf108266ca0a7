"""Why a job failed: the words of `error_code`."""

from enum import StrEnum


class Failure(StrEnum):
    INVALID_IMAGE = "invalid_image"
    INVALID_INPUT = "invalid_input"
    PREPROCESS_FAILED = "preprocess_failed"
    PREDICTION_FAILED = "prediction_failed"
    POSTPROCESS_FAILED = "postprocess_failed"
    NON_FINITE_OUTPUT = "non_finite_output"
    OUTPUT_TOO_LARGE = "output_too_large"
    OUTPUT_NOT_STORABLE = "output_not_storable"
    INPUT_LOST = "input_lost"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    MODEL_UNAVAILABLE = "model_unavailable"
    WORKER_LOST = "worker_lost"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded"
