"""A submission becomes a new job, once its input has passed every check."""

from datetime import timedelta

import orjson
from starlette.requests import Request

from api.cache_control import read_cache_control
from api.dependencies import services, tenant, tenant_policies
from api.submission import Submission
from models.registry import Model, Version
from shared.errors import InputTooLarge
from shared.jobs.new_job import NewJob, fingerprint
from shared.telemetry import tracing


def checked_job(
    request: Request,
    wanted: Submission,
    model: Model,
    version: Version,
    *,
    id: str,
    key: str | None,
) -> NewJob:
    """The job that is asked for, as `id` and under the idempotency `key`, if any.

    Raises InvalidInput, whose pointers start with `/input`.
    """
    if len(wanted.input_json) > model.input_max_bytes:
        raise InputTooLarge(f"an input of {model.name} has at most {model.input_max_bytes} bytes")
    model.validate_input(version, wanted.input)
    canonical = orjson.dumps(wanted.input, option=orjson.OPT_SORT_KEYS)
    now, whose = services(request).container.clock.now(), tenant(request)
    deadline = wanted.deadline_seconds
    kept, may = model.cache_seconds > 0, read_cache_control(request)
    return NewJob(
        id=id,
        tenant=whose,
        model=model.name,
        version=version.version,
        digest=version.digest,
        input=wanted.input_json,
        input_hash=fingerprint(
            whose, model.name, version.digest, model.processor_version, canonical
        ),
        body_hash=fingerprint(wanted.canonical(canonical)),
        created_at=now,
        priority=wanted.priority,
        deadline_at=now + timedelta(seconds=deadline) if deadline is not None else None,
        idempotency_key=key,
        webhook=wanted.webhook.url if wanted.webhook else None,
        webhook_events=wanted.webhook.events if wanted.webhook else None,
        metadata=orjson.dumps(wanted.metadata) if wanted.metadata is not None else None,
        reuses=kept and may.reuse,
        keeps_result=kept and may.keep,
        tenant_policies=tenant_policies(request),
        traceparent=tracing.of_request(
            request.scope["headers"], calls_back=wanted.webhook is not None
        ),
    )
