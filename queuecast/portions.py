"""Inputs in portions: as many in one request as a server takes."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from queuecast.encoding import encode
from queuecast.errors import UnencodableInput

PORTION_INPUTS = 1000  # the server's own bound
PORTION_BYTES = 8 << 20  # half of what a server takes by default

Encoded: TypeAlias = bytes | UnencodableInput
"""An input as JSON, or why it has none."""


def portions(inputs: Iterable[Any]) -> Iterator[list[Encoded]]:
    """Encodes as it goes: an endless row of files is never in memory at once."""
    portion: list[Encoded] = []
    size = 0
    for one in map(_encoded, inputs):
        weight = len(one) if isinstance(one, bytes) else 0
        if portion and (len(portion) == PORTION_INPUTS or size + weight > PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(one)
        size += weight
    if portion:
        yield portion


def _encoded(input: Any) -> Encoded:
    try:
        return encode(input)
    except UnencodableInput as error:
        return error
    except OSError as error:
        return UnencodableInput(f"the input cannot be read: {error}")
