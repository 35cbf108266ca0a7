"""What the command's exit code says.

| code | meaning |
|---|---|
| 0 | done |
| 1 | the prediction failed or was canceled |
| 2 | wrong usage: nothing was sent |
| 3 | the server refused the request (4xx) |
| 4 | the server cannot be reached, is unavailable (5xx) or is no Queuecast |
| 5 | waited too long; the prediction goes on |
| 130 | stopped with Ctrl-C |
"""

from enum import IntEnum

from queuecast.errors import (
    ApiError,
    PredictionFailed,
    QueuecastError,
    UnencodableInput,
    WaitTimeout,
)


class ExitCode(IntEnum):
    OK = 0
    PREDICTION_FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    WAITED_TOO_LONG = 5
    INTERRUPTED = 130


def exit_code(error: QueuecastError) -> ExitCode:
    match error:
        case PredictionFailed():
            return ExitCode.PREDICTION_FAILED
        case UnencodableInput():
            return ExitCode.USAGE
        case WaitTimeout():
            return ExitCode.WAITED_TOO_LONG
        case ApiError(status=status) if status < 500:
            return ExitCode.REFUSED
        case _:
            return ExitCode.UNREACHABLE
