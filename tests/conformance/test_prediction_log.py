"""What the prediction log answers, on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from shared.clock import FakeClock
from shared.db.engine import reading, writing
from shared.domain.ids import new_job_id
from shared.prediction_log import accuracy as right_or_wrong
from shared.prediction_log import listing
from shared.prediction_log.accuracy import Span, recent_accuracy
from shared.prediction_log.feedback import Truth
from shared.prediction_log.listing import Wanted
from shared.prediction_log.log_book import LogBook
from shared.prediction_log.summary import NUMBER_MAX
from shared.prediction_log.table import feedback_table, log_table

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
WINE = Span("default", "wine")


@pytest.fixture
def logged(engine: Engine) -> Callable[..., str]:
    """Writes a row of the log, so many minutes after noon; answers its id."""

    def write(minutes: float = 0, **changes: Any) -> str:
        at = NOON + timedelta(minutes=minutes)
        row = {
            "job_id": new_job_id(), "tenant": "default", "model": "wine", "version": "1",
            "digest": "d", "input_hash": "i", "input_bytes": 1, "status": "succeeded",
            "cache": "miss", "attempt": 1, "total_time": 1.0, "created_at": at,
            "completed_at": at, "label": "barolo",
        }  # fmt: skip
        with writing(engine) as connection:
            connection.execute(log_table.insert().values(**(row | changes)))
        return str((row | changes)["job_id"])

    return write


@pytest.fixture
def book(engine: Engine) -> LogBook:
    return LogBook(engine, FakeClock(NOON))


@pytest.fixture
def ids(book: LogBook) -> Callable[..., list[str]]:
    """All that a list has, a page of two at a time."""

    def run(tenant: str = "default", **filters: Any) -> list[str]:
        return list(_paged(book, Wanted(tenant, **filters)))

    return run


def _paged(book: LogBook, wanted: Wanted) -> Iterator[str]:
    before = None
    while True:
        found = book.page(wanted, 2, before)
        yield from (row["job_id"] for row in found.rows)
        last = found.rows[-1] if len(found.rows) == 2 else None
        before = (last["completed_at"], last["job_id"]) if last else found.edge
        if before is None:
            return


def test_a_list_is_newest_first_page_by_page(logged: Any, ids: Any) -> None:
    made = [logged(minute) for minute in (1, 2, 2, 3, 4)]
    assert ids() == sorted(made, reverse=True)
    assert ids("other") == []


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "model": ({"model": "digits"}, {"model": "digits"}),
    "version": ({"version": "2"}, {"model": "wine", "version": "2"}),
    "status": ({"status": "failed"}, {"status": "failed"}),
    "success": ({"label": "barbera"}, {"status": "succeeded", "equal": {"label": "barbera"}}),
    "label": ({"label": "barbera"}, {"model": "wine", "equal": {"label": "barbera"}}),
    "cache": ({"cache": "hit"}, {"equal": {"cache": "hit"}}),
    "hash": ({"input_hash": "h"}, {"equal": {"input_hash": "h"}}),
    "code": (
        {"status": "failed", "error_code": "worker_lost"},
        {"status": "failed", "equal": {"error_code": "worker_lost"}},
    ),
}


def test_a_filter_finds_what_it_names(
    logged: Any, ids: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a log of its own, whose other rows it must look at."""
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    for whose, (changes, filters) in FILTERS.items():
        wanted = [logged(minute, tenant=whose, **changes) for minute in (1, 5, 6, 7)]
        for minute in range(9):
            logged(minute, tenant=whose)
        assert ids(whose, **filters) == wanted[::-1], whose


def test_both_moments_belong_to_the_span(logged: Any, ids: Any) -> None:
    _, first, last, _ = (logged(minute) for minute in (0, 1, 2, 3))
    span = {"since": NOON + timedelta(minutes=1), "until": NOON + timedelta(minutes=2)}
    assert ids(**span) == [last, first]


def test_the_last_that_is_said_counts(logged: Any, book: LogBook) -> None:
    one = logged()
    first = book.give("default", [Truth(one, label="barbera", source="lab")])[one]
    assert book.give("default", [Truth(one, label="barbera", source="lab")])[one] == first
    assert (first["predicted_label"], first["label"], first["changes"]) == ("barolo", "barbera", 0)
    again = book.give("default", [Truth(one, label="barbera"), Truth(one, label="barolo")])[one]
    assert (again["label"], again["source"], again["changes"]) == ("barolo", None, 1)
    assert book.read("default", one)["truth_label"] == "barolo"


def test_only_of_ones_own_predictions_something_can_be_said(logged: Any, book: LogBook) -> None:
    one = logged(tenant="other")
    assert book.give("default", [Truth(one, label="x"), Truth(new_job_id(), label="x")]) == {}
    assert book.read("other", one)["truth_at"] is None


def test_feedback_goes_with_its_row(engine: Engine, logged: Any, book: LogBook) -> None:
    book.give("default", [Truth(logged(), label="x")])
    with writing(engine) as connection:
        connection.execute(delete(log_table))
        assert connection.execute(feedback_table.select()).all() == []


@pytest.fixture
def told(logged: Any, book: LogBook) -> Callable[..., None]:
    """A prediction of which somebody has said what is true."""

    def write(minutes: float, predicted: str, true: str, **changes: Any) -> None:
        one = logged(minutes, label=predicted, **changes)
        book.give("default", [Truth(one, label=true)])

    return write


def test_accuracy_is_told_by_version_and_day(told: Any, book: LogBook, logged: Any) -> None:
    told(0, "barolo", "barolo")
    told(1, "barolo", "barbera")
    told(24 * 60, "barolo", "barolo")
    told(0, "barbera", "barolo", version="2")
    logged()
    found, names = book.accuracy(WINE, hourly=False), ("at", "version", "labels", "right")
    assert [tuple(one[name] for name in names) for one in found.over_time] == [
        ("2026-01-02", "1", 2, 1), ("2026-01-02", "2", 1, 0), ("2026-01-03", "1", 1, 1),
    ]  # fmt: skip
    assert [tuple(one.values()) for one in found.confusion] == [
        ("barolo", "barolo", 2), ("barbera", "barolo", 1), ("barolo", "barbera", 1),
    ]  # fmt: skip
    assert found.looked_at == 4


def test_errors_of_numbers_are_summed(logged: Any, book: LogBook) -> None:
    for predicted, true in ((1.5, 1.0), (2.0, 4.0)):
        one = logged(label=None, value=predicted)
        book.give("default", [Truth(one, value=true)])
    [found] = book.accuracy(WINE, hourly=True).over_time
    assert (found["at"], found["labels"], found["values"]) == ("2026-01-02 12", 0, 2)
    assert (found["absolute_error"], found["error"]) == (2.5, -1.5)


def test_the_largest_numbers_can_be_summed(logged: Any, book: LogBook) -> None:
    for true in (NUMBER_MAX, -NUMBER_MAX):
        book.give("default", [Truth(logged(label=None, value=-true), value=true)])
    [errors] = book.accuracy(WINE, hourly=False).over_time
    assert errors["absolute_error"] == pytest.approx(4 * NUMBER_MAX)
    [answers] = book.distribution(WINE, hourly=False).over_time
    assert (answers["max_value"], answers["mean_value"]) == (NUMBER_MAX, 0)


def test_accuracy_looks_at_what_is_asked_for(told: Any, book: LogBook, monkeypatch: Any) -> None:
    for minute in range(4):
        told(minute, "barolo", "barolo")
    told(9, "barolo", "barolo", version="2")
    span = Span("default", "wine", "1", NOON, NOON + timedelta(minutes=2))
    assert book.accuracy(span, hourly=False).looked_at == 3
    assert book.accuracy(Span("other", "wine"), hourly=False).looked_at == 0
    monkeypatch.setattr(right_or_wrong, "NEWEST", 2)
    assert book.accuracy(span, hourly=False).looked_at == 2


def test_recent_accuracy_is_of_all_tenants(engine: Engine, told: Any) -> None:
    told(0, "barolo", "barolo")
    told(-3 * 60, "barolo", "barbera")
    with reading(engine) as connection:
        [found] = recent_accuracy(connection, NOON, timedelta(hours=1))
    assert (found["model"], found["version"]) == ("wine", "1")
    assert (found["labels"], found["right"]) == (1, 1)


def test_a_distribution_counts_what_succeeded(logged: Any, book: LogBook) -> None:
    logged(0, score=0.5)
    logged(1, score=1.0)
    logged(2, label="barbera")
    logged(3, label=None, status="failed")
    found = book.distribution(WINE, hourly=False)
    assert [(one["at"], one["label"], one["count"]) for one in found.over_time] == [
        ("2026-01-02", "barbera", 1), ("2026-01-02", "barolo", 2),
    ]  # fmt: skip
    assert [one["mean_score"] for one in found.over_time] == [None, 0.75]
    assert book.distribution(Span("other", "wine"), hourly=False).looked_at == 0
