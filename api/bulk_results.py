"""What became of the inputs of a bulk submission, made ready for the answer as it comes in."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

from api.answers import json_answer
from api.error_responses import Problem, problem_members
from api.predictions import PENDING_RETRY_SECONDS
from shared.domain.wire import on_the_wire
from shared.errors import BusyError
from shared.jobs.group_commit import Accepted


class BulkResults:
    """One result for each input, in their order.

    `busy` is the first refusal that is no fault of its input.
    """

    def __init__(self, base: str, scope: Scope, kept: timedelta | None = None) -> None:
        """`base` is the URL of the API, `kept` how long results can be read."""
        self._base = base
        self._scope = scope
        self._kept = kept
        self._rendered: list[orjson.Fragment] = []
        self._accepted = 0
        self._pending = False
        self.busy: BusyError | None = None

    def add(self, outcomes: Iterable[Accepted | BusyError | Problem]) -> None:
        for one in outcomes:
            if isinstance(one, Accepted):
                self._accept(one)
            elif isinstance(one, BusyError):
                self.busy = self.busy or one
                self._refuse(problem_members(one, self._scope))
            else:
                self._refuse(one)

    def answer(self, inputs: int) -> Response:
        """202 while any job is pending, else 200; inputs that were not tried are refused as busy.

        Raises the BusyError where nothing was accepted: then it concerns the whole request.
        """
        if self.busy is not None:
            if not self._accepted:
                raise self.busy
            untried = inputs - len(self._rendered)
            for _ in range(untried):
                self._refuse(problem_members(self.busy, self._scope))
        content = {
            "accepted": self._accepted,
            "refused": inputs - self._accepted,
            "results": self._rendered,
        }
        if not self._pending:
            return json_answer(content)
        return json_answer(content, 202, {"Retry-After": str(PENDING_RETRY_SECONDS)})

    def _accept(self, one: Accepted) -> None:
        self._accepted += 1
        self._pending = self._pending or not one.prediction["terminal"]
        shown = on_the_wire(one.prediction, self._base, self._kept)
        self._rendered.append(_rendered("prediction", shown))

    def _refuse(self, problem: Problem) -> None:
        self._rendered.append(_rendered("problem", problem))


def _rendered(kind: str, content: dict[str, Any]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps({kind: content}))
