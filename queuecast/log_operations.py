"""The prediction log at the server, as steps without I/O: read it, and say what was true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from queuecast.answers import read, refusal
from queuecast.encoding import encode
from queuecast.errors import QueuecastError
from queuecast.exchange import Exchange
from queuecast.log_results import (
    Accuracy,
    Feedback,
    FeedbackResult,
    FeedbackResults,
    LoggedPrediction,
    LogPage,
)
from queuecast.paging import Query
from queuecast.steps import Operation, Request

LOG = "/api/v1/prediction-log"
PREDICTIONS = "/api/v1/predictions"
MODELS = "/api/v1/models"

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class LogOperations:
    exchange: Exchange

    def page(self, query: Query) -> Operation[tuple[list[LoggedPrediction], Query | None]]:
        """One page, and the query for the following one."""
        page = read((yield from self.exchange.send(query.request())), LogPage)
        wanted = page.results[: query.remaining]
        return wanted, query.following(page.next, len(wanted))

    def feedback(self, id: str, truth: Mapping[str, Any]) -> Operation[Feedback]:
        """Sent again it changes nothing."""
        path = f"{PREDICTIONS}/{quote(id, safe='')}/feedback"
        request = Request("POST", path, body=encode(_said(truth)))
        return read((yield from self.exchange.send(request)), Feedback)

    def feedback_many(
        self, truths: Sequence[Mapping[str, Any]]
    ) -> Operation[list[Feedback | QueuecastError]]:
        """In the order of the truths, up to a thousand in a request."""
        found: list[Feedback | QueuecastError] = []
        for start in range(0, len(truths), AT_ONCE):
            body = encode({"feedback": [_said(one) for one in truths[start : start + AT_ONCE]]})
            response = yield from self.exchange.send(Request("POST", f"{LOG}/feedback", body=body))
            results = read(response, FeedbackResults).results
            found += (one.feedback or refusal(_problem(one), response) for one in results)
        return found

    def accuracy(self, model: str, query: Mapping[str, str]) -> Operation[Accuracy]:
        path = f"{MODELS}/{quote(model, safe='')}/accuracy"
        return read((yield from self.exchange.send(Request("GET", path, dict(query)))), Accuracy)


def within(
    *,
    completed_after: datetime | None = None,
    completed_before: datetime | None = None,
    **named: str | None,
) -> dict[str, str]:
    """The parameters that are given; moments without a zone are local time."""
    moments = {"completed_after": completed_after, "completed_before": completed_before}
    said = {name: one.astimezone().isoformat() for name, one in moments.items() if one}
    return {name: one for name, one in named.items() if one is not None} | said


def _said(truth: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in truth.items() if value is not None}


def _problem(result: FeedbackResult) -> Mapping[str, Any]:
    return result.problem or {}
