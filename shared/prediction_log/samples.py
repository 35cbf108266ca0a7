"""Which inputs are drawn for the log, and what of them is written there."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import orjson
from sqlalchemy import Connection, insert

from shared.domain.serving import Sampling
from shared.prediction_log.table import sample_table

REDACTED = "[redacted]"


def is_drawn(job_id: str, sampling: Sampling) -> bool:
    """By the id alone: a job that is recorded again is drawn again."""
    return crc32(job_id.encode()) < sampling.share * 2**32


def redacted(input: bytes, sampling: Sampling) -> bytes:
    """The input as it may be kept, in JSON: private fields say only that they were there."""
    if not sampling.redact:
        return input
    value = orjson.loads(input)
    for path in sampling.redact:
        _redact(value, path.split("."))
    return orjson.dumps(value)


def write(connection: Connection, samples: Sequence[tuple[str, bytes]]) -> None:
    """By job id; those of rows that the log has."""
    if samples:
        rows = [{"job_id": job_id, "input": data} for job_id, data in samples]
        connection.execute(insert(sample_table), rows)


def _redact(value: Any, path: Sequence[str]) -> None:
    if isinstance(value, list):
        for one in value:
            _redact(one, path)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            value[path[0]] = REDACTED
        else:
            _redact(value[path[0]], path[1:])
