"""A submission: what a request for a prediction asks for, each field checked strictly."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, TypeVar

import orjson

from api.json_pointer import pointer
from api.webhook_fields import WEBHOOK_FIELDS, Webhook, read_webhook
from models.registry import Model, Registry, Version
from shared.domain.names import Priority
from shared.errors import FieldError, InvalidInput, QueuecastError, UnknownField
from shared.settings import Settings

T = TypeVar("T")

METADATA_MAX_KEYS = 16
METADATA_MAX_BYTES = 4096
MAX_ERRORS = 20

OPTIONS = frozenset({"priority", "deadline_seconds", "metadata", "stream"}) | WEBHOOK_FIELDS

_VERSION = re.compile(r"[^:@]+:[^:@]+|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Submission:
    """`reference` names a model or a version, as the registry reads it; `named_in` is its field."""

    reference: str
    named_in: str
    input: Any
    input_json: bytes
    priority: Priority
    deadline_seconds: float | None
    metadata: dict[str, Any] | None
    webhook: Webhook | None = None

    def canonical(self, canonical_input: bytes) -> bytes:
        """The same bytes for every way to write the same request, whose input is given so."""
        said = {
            "model": self.reference,
            "input": orjson.Fragment(canonical_input),
            "priority": self.priority,
            "deadline_seconds": self.deadline_seconds,
            "metadata": self.metadata,
        }
        if self.webhook is not None:
            said |= {"webhook": self.webhook.url, "webhook_events": self.webhook.events}
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)

    def resolved(self, registry: Registry) -> tuple[Model, Version]:
        """What the reference names; what is wrong with that is said of the field it stands in."""
        try:
            return registry.resolve(self.reference)
        except QueuecastError as error:
            if self.named_in and not error.errors:
                error.errors = (FieldError(pointer(self.named_in), error.detail),)
            raise


def parse_submission(
    body: Any, settings: Settings, model: str | None = None, field: str = "input"
) -> Submission:
    """`model` is the one in the path, if any; the input stands in `field`.

    Raises UnknownField or InvalidInput.
    """
    if not isinstance(body, dict):
        whole_body = FieldError("", "should be an object")
        raise InvalidInput("the body should be an object", errors=[whole_body])
    fields = _Fields(body)
    fields.refuse_unknown(_known(field, model is None))
    named_in, reference = (
        ("", model) if model is not None else fields.reference(f"{settings.model_owner}/")
    )
    priority = fields.read("priority", _priority)
    value = fields.required(field)
    submission = Submission(
        reference=reference,
        named_in=named_in,
        input=value,
        input_json=orjson.dumps(value),
        priority=priority or Priority.NORMAL,
        deadline_seconds=fields.read("deadline_seconds", _within(settings.deadline_max_seconds)),
        metadata=fields.read("metadata", flat_metadata),
        webhook=read_webhook(fields.read, settings),
    )
    fields.read("stream", _flag)
    fields.raise_refused()
    return submission


class _Fields:
    """Reads fields of a body and gathers what is wrong with them; `null` means not given."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body
        self._refused: list[FieldError] = []

    def read(self, name: str, check: Callable[[Any], T]) -> T | None:
        """The field as `check` makes it; a ValueError of `check` says what it should be.

        An error of our own is of this field, and ends the reading.
        """
        value = self._body.get(name)
        if value is None:
            return None
        try:
            return check(value)
        except ValueError as error:
            self._refused.append(FieldError(pointer(name), str(error)))
            return None
        except InvalidInput as error:
            error.errors = (FieldError(pointer(name), error.detail),)
            error.detail = _first(error.errors)
            raise

    def required(self, name: str) -> Any:
        if name not in self._body:
            self._refused.append(FieldError(pointer(name), "is missing"))
        return self._body.get(name)

    def reference(self, owner: str) -> tuple[str, str]:
        """The field that names the model or version, and what it says behind `owner`, if that."""
        given = [name for name in ("model", "version") if self._body.get(name) is not None]
        if len(given) != 1:
            detail = "give one of `model` and `version`"
            self._refused.append(FieldError(pointer("model"), detail))
            return "", ""
        named_in = given[0]
        # Replicate's clients put the owner before a name: it is one for all models here.
        if isinstance(text := self._body[named_in], str) and text.startswith(owner):
            return named_in, text[len(owner) :]
        return named_in, self.read(named_in, _CHECKS[named_in]) or ""

    def refuse_unknown(self, known: frozenset[str]) -> None:
        if self._body.keys() <= known:
            return
        unknown = sorted(self._body.keys() - known)
        errors = [FieldError(pointer(name), "no field of this name is known") for name in unknown]
        raise UnknownField(_first(errors), errors=errors[:MAX_ERRORS])

    def raise_refused(self) -> None:
        if self._refused:
            raise InvalidInput(_first(self._refused), errors=self._refused)


@cache
def _known(field: str, names_model: bool) -> frozenset[str]:
    return OPTIONS | {field} | ({"model", "version"} if names_model else set())


def _first(errors: Sequence[FieldError]) -> str:
    return f"{errors[0].pointer}: {errors[0].detail}"


def _model(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("should be text: name, name:version or name@alias")
    return value


def _version(value: Any) -> str:
    if not isinstance(value, str) or not _VERSION.fullmatch(value):
        raise ValueError("should be name:version or the version's 64-hex digest")
    return value


_CHECKS = {"model": _model, "version": _version}


def _priority(value: Any) -> Priority:
    if value not in list(Priority):
        raise ValueError("should be high, normal or low")
    return Priority(value)


def _within(max_seconds: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if type(value) not in (int, float) or not isfinite(value) or not 0 < value <= max_seconds:
            raise ValueError(f"should be a number of seconds above 0, at most {max_seconds:g}")
        return float(value)

    return check


def flat_metadata(value: Any) -> dict[str, Any]:
    """Raises ValueError, saying what it should be."""
    if not isinstance(value, dict) or len(value) > METADATA_MAX_KEYS:
        raise ValueError(f"should be an object of at most {METADATA_MAX_KEYS} keys")
    if any(isinstance(part, dict | list) for part in value.values()):
        raise ValueError("should be flat: text, numbers, booleans and null")
    if len(orjson.dumps(value)) > METADATA_MAX_BYTES:
        raise ValueError(f"should have at most {METADATA_MAX_BYTES} bytes as JSON")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("should be true or false")
    return value
