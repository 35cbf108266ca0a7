"""Logs: one line per event on standard error, without payloads.

Whatever a client sent stands escaped in its line: JSON escapes control characters, and so does the
`text` format, which writes values as Python does.
"""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict, Processor

from shared.settings import Settings
from shared.telemetry import subject

_FIRST = ["timestamp", "level", "event"]


def configure(settings: Settings) -> None:
    """Sends structlog and the standard library's loggers, ours or others', through one renderer."""
    level = settings.log_level.upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        subject.bind,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if level == "DEBUG" else _without_messages,
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "text":
        renderer = structlog.processors.KeyValueRenderer(key_order=_FIRST, drop_missing=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for per_task in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(per_task).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _without_messages(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Where an error was raised and of what kind. What it says may repeat what a client sent."""
    found = event.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif found and not isinstance(found, BaseException):
        found = sys.exception()
    if isinstance(found, BaseException):
        event["exception"] = "\n".join(_told(found))
    return event


def _told(error: BaseException) -> Iterator[str]:
    """The frames of an error and of those that led to it, the first one first."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _told(earlier)
    for line in traceback.format_tb(error.__traceback__):
        yield line.rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}"
