import inspect

import pytest

from shared import errors
from shared.errors import BusyError, FieldError, QueuecastError, RequestError

TREE = [
    one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, QueuecastError)
]
ANSWERS = [
    one for one in TREE if issubclass(one, RequestError | BusyError) and one is not BusyError
]


@pytest.mark.parametrize("one", TREE, ids=lambda one: one.__name__)
def test_every_error_is_in_the_drawing(one: type[QueuecastError]) -> None:
    assert one.__name__ in (errors.__doc__ or "").replace("─", " ").split()


def test_every_answer_has_a_type_of_its_own() -> None:
    types = [one.type for one in ANSWERS]
    assert sorted(types) == sorted(set(types))


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: one.__name__)
def test_an_answer_can_be_told_to_the_caller(one: type[QueuecastError]) -> None:
    assert 400 <= one.status < 600
    assert one.type == one.type.lower().replace(" ", "-")
    assert one.title and not one.title.endswith(".")


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: one.__name__)
def test_an_answer_is_explained_to_the_caller_by_its_docstring(one: type[QueuecastError]) -> None:
    """The catalogue shows it: docs/13-errors.md and the page at the problem's `type`."""
    assert (one.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: one.__name__)
def test_only_who_is_told_to_wait_may_try_again(one: type[QueuecastError]) -> None:
    assert one.retryable == issubclass(one, BusyError)
    assert one.retryable == (one.status in {409, 429, 503, 507})


def test_an_error_carries_what_the_answer_needs() -> None:
    field = FieldError("/input/x", "should be a number")
    error = errors.InvalidInput("no", errors=[field], retry_after_seconds=2)
    assert (error.detail, error.errors, error.retry_after_seconds) == ("no", (field,), 2)
    assert str(error) == "no"


def test_a_failed_job_keeps_its_code() -> None:
    failed = errors.JobFailed("invalid_image", "no picture")
    assert (failed.code, failed.detail) == ("invalid_image", "no picture")
