"""`queuecast predict` with several inputs: a line for each, in their order."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from queuecast.bulk import Outcome
from queuecast.client import Client
from queuecast.errors import QueuecastError
from queuecast.exit_codes import ExitCode, exit_code
from queuecast.results import Prediction
from queuecast.screen import Screen


def predict_many(
    client: Client, screen: Screen, model: str, inputs: Sequence[Any], timeout_seconds: float | None
) -> ExitCode:
    """Prints the outputs, or the ids when `timeout_seconds` is None and nothing is waited for.

    Answers the largest of the exit codes that the inputs would have had alone.
    """
    submitted = client.submit_many(model, inputs)
    if timeout_seconds is None:
        return _print(screen, submitted, lambda job: job.id)
    ended = _ended(client, submitted, timeout_seconds)
    return _print(screen, ended, lambda job: json.dumps(job.output) if job.succeeded else None)


def _ended(
    client: Client, submitted: Iterable[Outcome], timeout_seconds: float
) -> Iterator[Outcome]:
    until = time.monotonic() + timeout_seconds
    for one in submitted:
        if isinstance(one, QueuecastError):
            yield one
            continue
        try:
            yield client.wait(one, max(0.0, until - time.monotonic()))
        except QueuecastError as error:
            yield error


def _print(
    screen: Screen, outcomes: Iterable[Outcome], told: Callable[[Prediction], str | None]
) -> ExitCode:
    code = ExitCode.OK
    for number, outcome in enumerate(outcomes, 1):
        if isinstance(outcome, QueuecastError):
            line, its_code = None, exit_code(outcome)
        else:
            line, its_code = told(outcome), ExitCode.PREDICTION_FAILED
        screen.one_of_many(number, outcome, line)
        code = max(code, ExitCode.OK if line is not None else its_code)
    return code
