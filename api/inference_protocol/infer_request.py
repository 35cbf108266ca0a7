"""An infer request: a JSON object, and behind it the raw bytes of tensors that say so in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api import strict_json
from api.inference_protocol import elements
from api.inference_protocol.datatypes import BYTES, DTYPES, INTEGERS
from api.inference_protocol.fitting import Announced, refused, require_fit
from api.json_pointer import pointer
from models.nested_lists import Refused
from models.registry import Model, Version
from models.tensor_form import Flat, values
from shared.errors import FieldError, InvalidInput, PayloadTooLarge, RequestError, ShapeMismatch

HEAD_LENGTH = "Inference-Header-Content-Length"
MAX_TENSORS = 256
MAX_RANK = 16
SIZES = range(1 << 63)

_SHARED_MEMORY = "shared_memory_region"


@dataclass(frozen=True, slots=True)
class Incoming(Announced):
    """`binary_size` is None where the elements stand in `data`."""

    data: Any
    binary_size: int | None


@dataclass(frozen=True, slots=True)
class InferRequest:
    """`outputs` has what is asked for and whether as raw bytes; empty asks for all.

    `tail` is what follows the JSON object.
    """

    id: str | None
    inputs: Sequence[Incoming]
    outputs: Mapping[str, bool]
    binary_outputs: bool
    parameters: Mapping[str, Any]
    tail: bytes

    def job_inputs(self, model: Model, version: Version) -> list[Any]:
        """The inputs of the jobs that this asks for.

        Raises InvalidInput unless the tensors are those that the model takes.
        """
        form = model.tensors
        require_fit(form, version, self.inputs)
        dtypes = {spec.name: spec.dtype for spec in form.inputs(version)}
        tensors: dict[str, Flat] = {}
        start = 0
        for one in self.inputs:
            try:
                if one.binary_size is None:
                    found = elements.from_json(one.datatype, one.shape, one.data)
                else:
                    end = start + one.binary_size
                    found = elements.from_bytes(one.datatype, one.shape, self.tail[start:end])
                    start = end
                tensors[one.name] = Flat(one.shape, values(dtypes[one.name], found))
            except Refused as error:
                raise refused(error.problem, one.name, error.detail, one.place, "data") from None
        if start != len(self.tail):
            raise RequestError("the tensors do not say whose the bytes behind the JSON are")
        return form.split(version, tensors)


def parse_infer(body: bytes, head_length: str | None, head_max_bytes: int) -> InferRequest:
    """`head_length` is the header that says where the JSON ends; raises RequestError."""
    end = _head_length(head_length, len(body))
    if end > head_max_bytes:
        raise PayloadTooLarge(f"the JSON of a request has at most {head_max_bytes} bytes")
    head = strict_json.loads(body[:end], INTEGERS)
    if not isinstance(head, dict):
        raise _wrong((), "should be an object")
    parameters = _parameters(head, ())
    inputs = [_input(one, place) for place, one in enumerate(_list(head, "inputs"))]
    if not inputs:
        raise _wrong(("inputs",), "should hold a tensor")
    binary = bool(parameters.get("binary_data_output", False))
    wanted = _list(head, "outputs", needed=False)
    asked = [_output(one, place, binary) for place, one in enumerate(wanted)]
    return InferRequest(
        id=None if head.get("id") is None else _text(head, "id", ()),
        inputs=inputs,
        outputs=dict(asked),
        binary_outputs=binary,
        parameters=parameters,
        tail=body[end:],
    )


def _head_length(header: str | None, body_length: int) -> int:
    if header is None:
        return body_length
    if not (header.isascii() and header.isdecimal() and len(header) < 16):
        raise RequestError(f"{HEAD_LENGTH} should be a number of bytes")
    if int(header) > body_length:
        raise RequestError(f"{HEAD_LENGTH} is more than the body has")
    return int(header)


def _input(tensor: Any, place: int) -> Incoming:
    where = ("inputs", place)
    if not isinstance(tensor, dict):
        raise _wrong(where, "should be an object")
    parameters = _parameters(tensor, where)
    if _SHARED_MEMORY in parameters:
        raise _wrong(where, "tensors in shared memory are not taken")
    size = parameters.get("binary_data_size")
    if size is not None and (type(size) is not int or size not in SIZES):
        raise _wrong((*where, "parameters", "binary_data_size"), "should be a number of bytes")
    if (size is None) == ("data" not in tensor):
        raise _wrong((*where, "data"), "should be given, unless there is binary_data_size")
    datatype = _text(tensor, "datatype", where)
    if datatype not in DTYPES and datatype != BYTES:
        raise _wrong((*where, "datatype"), f"should be one of {', '.join([*DTYPES, BYTES])}")
    return Incoming(
        name=_text(tensor, "name", where),
        datatype=datatype,
        shape=_shape(tensor, where),
        place=place,
        data=tensor.get("data"),
        binary_size=size,
    )


def _output(tensor: Any, place: int, binary: bool) -> tuple[str, bool]:
    where = ("outputs", place)
    if not isinstance(tensor, dict):
        raise _wrong(where, "should be an object")
    parameters = _parameters(tensor, where)
    if _SHARED_MEMORY in parameters or "classification" in parameters:
        raise _wrong(where, "neither shared memory nor classification is offered")
    return _text(tensor, "name", where), bool(parameters.get("binary_data", binary))


def _shape(tensor: Mapping[str, Any], where: tuple[str | int, ...]) -> tuple[int, ...]:
    shape = tensor.get("shape")
    if not isinstance(shape, list) or len(shape) > MAX_RANK:
        raise _wrong((*where, "shape"), f"should be a list of at most {MAX_RANK} sizes")
    if not all(type(size) is int and size in SIZES for size in shape):
        raise _wrong((*where, "shape"), "a size should be a whole number from 0", ShapeMismatch)
    return tuple(shape)


def _parameters(of: Mapping[str, Any], where: tuple[str | int, ...]) -> Mapping[str, Any]:
    found = of.get("parameters")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _wrong((*where, "parameters"), "should be an object")
    return found


def _list(head: Mapping[str, Any], name: str, *, needed: bool = True) -> list[Any]:
    found = head.get(name)
    if found is None and not needed:
        return []
    if not isinstance(found, list) or len(found) > MAX_TENSORS:
        raise _wrong((name,), f"should be a list of at most {MAX_TENSORS} tensors")
    return found


def _text(of: Mapping[str, Any], name: str, where: tuple[str | int, ...]) -> str:
    found = of.get(name)
    if not isinstance(found, str):
        raise _wrong((*where, name), "should be text")
    return found


def _wrong(
    where: tuple[str | int, ...], detail: str, problem: type[InvalidInput] = InvalidInput
) -> InvalidInput:
    at = pointer(*where)
    return problem(f"{at or 'the body'}: {detail}", errors=[FieldError(at, detail)])
