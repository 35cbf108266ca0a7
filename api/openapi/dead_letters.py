"""The operations on dead letters."""

from api.openapi.operation import CURSOR, LIMIT, NAMED, operation, parameter
from api.openapi.schemas import (
    DeadLetter,
    DeadLetterPage,
    DeadLettersPurged,
    DeadLettersRetried,
    Prediction,
)
from shared import errors
from shared.domain.failures import OPERATORS

TAG = "dead letters"

ID = parameter("id", "path", "The id of the letter, which is its prediction's.", format="uuid")

_MOMENT = {"format": "date-time"}
_FILTERS = [
    parameter("model", "query", "Of this model alone.", **NAMED),
    parameter("code", "query", "That failed for this.", enum=[str(code) for code in OPERATORS]),
    parameter("retried", "query", "Whether they were sent again.", type="boolean"),
    parameter("died_after", "query", "That ended then or later.", **_MOMENT),
    parameter("died_before", "query", "That ended then or earlier.", **_MOMENT),
]

_LOOKS = (errors.InvalidParameter, errors.Unavailable)
_WRITES = (*_LOOKS, errors.StorageFull)

LIST = operation(
    "list_dead_letters",
    "Jobs that failed for no fault of their input's",
    tag=TAG,
    answers={200: ("One page, the last that died first.", DeadLetterPage)},
    problems=_LOOKS,
    parameters=[LIMIT, CURSOR, *_FILTERS],
)
READ = operation(
    "get_dead_letter",
    "One dead letter",
    tag=TAG,
    answers={200: ("As it stands.", DeadLetter)},
    problems=(errors.NotFound, *_LOOKS),
    parameters=[ID],
)
RETRY = operation(
    "retry_dead_letter",
    "Send a dead letter again",
    tag=TAG,
    answers={
        202: ("The new prediction. To ask again gives the same one.", Prediction),
        200: ("The new prediction, which has ended by now.", Prediction),
    },
    problems=(errors.NotFound, errors.Expired, *_WRITES),
    parameters=[ID],
)
RETRY_ALL = operation(
    "retry_dead_letters",
    "Send many dead letters again",
    tag=TAG,
    answers={200: ("Up to a thousand; ask again while there are more.", DeadLettersRetried)},
    problems=_WRITES,
    parameters=_FILTERS,
)
PURGE = operation(
    "purge_dead_letter",
    "Remove a dead letter and its prediction",
    tag=TAG,
    answers={204: ("It is gone; the prediction log keeps its line.", DeadLetter)},
    problems=(errors.NotFound, *_WRITES),
    parameters=[ID],
)
PURGE["responses"][204] = {"description": PURGE["response_description"]}
PURGE_ALL = operation(
    "purge_dead_letters",
    "Remove many dead letters and their predictions",
    tag=TAG,
    answers={200: ("Up to a thousand; ask again while there are more.", DeadLettersPurged)},
    problems=_WRITES,
    parameters=_FILTERS,
)
