"""The answer to an infer request: tensors in JSON, or behind it as raw bytes where asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import services
from api.error_responses import problem
from api.inference_protocol import elements
from api.inference_protocol.datatypes import datatype_of
from api.inference_protocol.infer_request import HEAD_LENGTH, InferRequest
from api.json_pointer import pointer
from api.links import base_url
from models.tensor_form import Flat
from models.tensor_spec import TensorSpec
from models.versions import Version
from shared.errors import FieldError, InvalidInput, Unanswered


def wanted_outputs(
    wanted: InferRequest, specs: Sequence[TensorSpec]
) -> list[tuple[TensorSpec, bool]]:
    """What is to be answered and whether as raw bytes, in the order asked for, else the model's.

    Raises InvalidInput for a tensor that the model does not give.
    """
    by_name = {spec.name: spec for spec in specs}
    for place, name in enumerate(wanted.outputs):
        if name not in by_name:
            names = ", ".join(f"'{each}'" for each in by_name)
            detail = "the model gives no tensor of this name"
            where = pointer("outputs", place, "name")
            raise InvalidInput(f"{detail}; it gives {names}", errors=[FieldError(where, detail)])
    asked = wanted.outputs or dict.fromkeys(by_name, wanted.binary_outputs)
    return [(by_name[name], binary) for name, binary in asked.items()]


def unanswered(request: Request, error: Unanswered) -> Response:
    """Names the URLs at which the predictions stand that have no answer here."""
    base = base_url(request, services(request).container.settings)
    urls = [f"{base}/predictions/{job_id}" for job_id in error.job_ids]
    return problem(request.scope, error, more={"predictions": urls})


def infer_answer(
    version: Version,
    wanted: InferRequest,
    asked: Sequence[tuple[TensorSpec, bool]],
    tensors: Mapping[str, Flat],
    job_ids: Sequence[str],
) -> Response:
    outputs, tail = [], []
    for spec, binary in asked:
        flat, datatype = tensors[spec.name], datatype_of(spec)
        shown: dict[str, Any] = {"name": spec.name, "datatype": datatype, "shape": flat.shape}
        if binary:
            data = elements.to_bytes(datatype, flat.elements)
            shown["parameters"] = {"binary_data_size": len(data)}
            tail.append(data)
        else:
            shown["data"] = flat.elements
        outputs.append(shown)
    content = {
        "model_name": version.model,
        "model_version": version.version,
        **({} if wanted.id is None else {"id": wanted.id}),
        "parameters": {"predictions": ",".join(job_ids)},
        "outputs": outputs,
    }
    head = orjson.dumps(content)
    if not tail:
        return Response(head, media_type="application/json")
    headers = {HEAD_LENGTH: str(len(head))}
    return Response(b"".join([head, *tail]), 200, headers, "application/octet-stream")
