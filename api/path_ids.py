"""Ids in paths."""

from starlette.requests import Request

from shared.domain.ids import parse_job_id
from shared.errors import NotFound


def read_job_id(request: Request) -> str:
    """The id in the path; what is no UUID names no prediction."""
    job_id = parse_job_id(request.path_params["id"])
    if job_id is None:
        raise NotFound("there is no prediction with this id: an id is a UUID")
    return job_id
