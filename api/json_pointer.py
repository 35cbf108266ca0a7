"""JSON pointers (RFC 6901) into a request body."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import FieldError, QueuecastError

MAX_CHARS = 128


def pointer(*parts: str | int) -> str:
    """`/input/image`; cut where a field's name is absurdly long."""
    escaped = (str(part)[:MAX_CHARS].replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part}" for part in escaped)[:MAX_CHARS]


@contextmanager
def moved(old: str, new: str) -> Iterator[None]:
    """What is found wrong below the pointer `old` is said of the same place below `new`."""
    try:
        yield
    except QueuecastError as error:
        found = error.errors
        error.errors = tuple(FieldError(_moved(one.pointer, old, new), one.detail) for one in found)
        if found and error.detail.startswith(f"{found[0].pointer}: "):
            error.detail = _moved(error.detail, old, new)
        raise


def _moved(text: str, old: str, new: str) -> str:
    return new + text[len(old) :] if text.startswith(old) else text
