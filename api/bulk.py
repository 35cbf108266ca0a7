"""A bulk submission: many inputs of one model, still unread, and the options that hold for all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from api import strict_json
from api.json_parts import Part, parts
from api.json_pointer import moved, pointer
from api.submission import Submission, parse_submission
from api.turns import Slices
from shared.errors import FieldError, InputTooLarge, InvalidInput, PayloadTooLarge
from shared.settings import Settings

LISTED = "inputs"
MAX_INPUTS = 1000
MAX_FIELDS = 16  # more than there are


@dataclass(frozen=True, slots=True)
class Bulk:
    """`common` is the submission of every input but for the input itself."""

    common: Submission
    body: bytes
    inputs: Sequence[Part]
    input_max_bytes: int

    def submission(self, place: int) -> Submission:
        """That of one input, as if it had been sent alone; raises RequestError."""
        part = self.inputs[place]
        if part.end - part.start > self.input_max_bytes:
            raise InputTooLarge(f"an input has at most {self.input_max_bytes} bytes")
        with moved("", "/input"):
            value = strict_json.loads(self.body[part.start : part.end])
        return replace(self.common, input=value, input_json=orjson.dumps(value))


async def read_bulk(body: bytes, settings: Settings, slices: Slices) -> Bulk:
    """Finds the inputs and reads all else; raises RequestError for what concerns the whole."""
    head: dict[str, Any] = {}
    inputs: list[Part] = []
    for part in parts(body, LISTED):
        await slices.pause()
        if part is None:
            continue
        if part.is_element:
            inputs.append(part)
        else:
            head[part.name] = _read(body, part, settings.body_max_bytes)
        if len(inputs) > MAX_INPUTS or len(head) > MAX_FIELDS:
            break
    common = parse_submission({**head, LISTED: None}, settings, field=LISTED)
    if not 1 <= len(inputs) <= MAX_INPUTS:
        where, detail = pointer(LISTED), f"should be a list of 1 to {MAX_INPUTS} inputs"
        raise InvalidInput(f"{where}: {detail}", errors=[FieldError(where, detail)])
    return Bulk(common, body, inputs, settings.body_max_bytes)


def _read(body: bytes, part: Part, max_bytes: int) -> Any:
    if part.end - part.start > max_bytes:
        raise PayloadTooLarge(f"a field has at most {max_bytes} bytes")
    with moved("", pointer(part.name)):
        return strict_json.loads(body[part.start : part.end])
