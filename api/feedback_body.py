"""Feedback as clients send it: what is true of one prediction, or of many."""

from typing import Any

from api.json_pointer import pointer
from shared.domain.ids import parse_job_id
from shared.errors import FieldError, InvalidInput, UnknownField
from shared.prediction_log.feedback import SAID, Truth
from shared.prediction_log.summary import LABEL_MAX_CHARS, NUMBER_MAX, as_label, is_number

LISTED = "feedback"
MAX_LISTED = 1000

SOURCE_MAX_CHARS = 64
COMMENT_MAX_CHARS = 1000


def read_truth(body: Any, job_id: str | None = None) -> Truth:
    """`job_id` is that of the path, where it names one; raises InvalidInput."""
    known = SAID if job_id else ("id", *SAID)
    if not isinstance(body, dict):
        raise _refusal("", "should be an object")
    if not body.keys() <= set(known):
        raise UnknownField(f"feedback has the fields {', '.join(known)}")
    given = {name: value for name, value in body.items() if value is not None}
    if ("label" in given) == ("value" in given):
        raise _refusal("", "should have either `label` or `value`")
    return Truth(
        job_id or _id(given),
        label=_label(given),
        value=_value(given),
        source=_text(given, "source", SOURCE_MAX_CHARS),
        comment=_text(given, "comment", COMMENT_MAX_CHARS),
    )


def read_listed(body: Any) -> list[Any]:
    """The elements, unread, of a body `{"feedback": […]}`; raises InvalidInput."""
    found = body.get(LISTED) if isinstance(body, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_LISTED:
        raise _refusal(pointer(LISTED), f"should be a list of 1 to {MAX_LISTED}")
    if len(body) > 1:
        raise UnknownField(f"the body should have `{LISTED}` alone")
    return found


def _id(given: dict[str, Any]) -> str:
    found = given.get("id")
    parsed = parse_job_id(found) if isinstance(found, str) else None
    if parsed is None:
        raise _refusal("/id", "should be the id of a prediction")
    return parsed


def _label(given: dict[str, Any]) -> str | None:
    if "label" not in given:
        return None
    label = as_label(given["label"])
    if not label or len(str(given["label"])) > LABEL_MAX_CHARS:
        raise _refusal(
            "/label", f"should be text of 1 to {LABEL_MAX_CHARS} characters, or a number"
        )
    return label


def _value(given: dict[str, Any]) -> float | None:
    value = given.get("value")
    if value is None:
        return None
    if not is_number(value):
        raise _refusal("/value", f"should be a number, of {NUMBER_MAX:g} at most")
    return float(value)


def _text(given: dict[str, Any], name: str, most: int) -> str | None:
    text = given.get(name)
    if text is not None and not (isinstance(text, str) and len(text) <= most):
        raise _refusal(pointer(name), f"should be text of {most} characters at most")
    return text


def _refusal(where: str, detail: str) -> InvalidInput:
    said = f"{where}: {detail}" if where else f"it {detail}"
    return InvalidInput(said, errors=[FieldError(where, detail)])
