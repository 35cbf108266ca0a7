"""JSON pointers (RFC 6901) into a request body."""

MAX_CHARS = 128


def pointer(*parts: str | int) -> str:
    """`/input/image`; cut where a field's name is absurdly long."""
    escaped = (str(part)[:MAX_CHARS].replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part}" for part in escaped)[:MAX_CHARS]
