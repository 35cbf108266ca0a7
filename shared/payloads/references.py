"""References: the names of blobs. Who wrote one, and under which attempt, stands in its name.

inputs/<uuid>                     a large input; the row of its job refers to it
tensors/<job>.<attempt>.<random>  on their way from preprocess to predict
outputs/<job>.<attempt>.<random>  a large output, on its way, and later that of one or more rows
files/<file>                      what a client has uploaded; the row of the file has the same id
"""

import re
import secrets
from enum import StrEnum

from shared.domain.ids import new_job_id, parse_job_id

_REFERENCE = re.compile(r"(inputs|tensors|outputs|files)/[0-9a-f-]{36}(\.[0-9]+(\.[0-9a-f]{8})?)?")


class Kind(StrEnum):
    """What a blob is; the first part of its reference."""

    INPUTS = "inputs"
    TENSORS = "tensors"
    OUTPUTS = "outputs"
    FILES = "files"


def new_input() -> str:
    """A name of its own: the job's id may be that of an accepted job."""
    return f"{Kind.INPUTS}/{new_job_id()}"


def new_tensors(job_id: str, attempt: int) -> str:
    return _written_by(Kind.TENSORS, job_id, attempt)


def new_output(job_id: str, attempt: int) -> str:
    return _written_by(Kind.OUTPUTS, job_id, attempt)


def of_file(file_id: str) -> str:
    return f"{Kind.FILES}/{file_id}"


def file_of(reference: str) -> str | None:
    """The id of the file whose content this is, if it is one's."""
    kind, _, file_id = reference.partition("/")
    return parse_job_id(file_id) if kind == Kind.FILES else None


def is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None


def require_reference(text: str) -> str:
    """`text` itself; raises ValueError when it is none, so that no name leads elsewhere."""
    if not is_reference(text):
        raise ValueError(f"{text!r} is no blob reference")
    return text


def kind(reference: str) -> Kind:
    return Kind(reference.partition("/")[0])


def writer(reference: str) -> tuple[str, int] | None:
    """The job and the attempt that wrote it; inputs and files do not tell."""
    job_id, _, rest = reference.partition("/")[2].partition(".")
    attempt = rest.partition(".")[0]
    if parse_job_id(job_id) is None or not attempt:
        return None
    return job_id, int(attempt)


def _written_by(kind: Kind, job_id: str, attempt: int) -> str:
    """Never the same twice: a Redis that forgot its last second may have an attempt run again, and
    neither run may change or delete what the other one stored."""
    return f"{kind}/{job_id}.{attempt}.{secrets.token_hex(4)}"
