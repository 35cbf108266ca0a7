"""Whether the tensors of a request are those that the model takes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import prod

from api.inference_protocol.datatypes import datatype_of, told
from api.json_pointer import pointer
from models.tensor_form import TensorForm
from models.tensor_spec import TensorSpec
from models.versions import Version
from shared.errors import FieldError, InputTooLarge, InvalidInput, ShapeMismatch


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of a tensor; `place` is its place in `inputs`."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    place: int


def require_fit(form: TensorForm, version: Version, given: Sequence[Announced]) -> None:
    """Raises ShapeMismatch, InvalidInput or InputTooLarge, naming the tensor."""
    specs, left = form.inputs(version), form.elements_max
    _require_names(specs, given, form.optional)
    by_name = {one.name: one for one in given}
    sizes: dict[str, int] = {}
    for spec in specs:
        if spec.name not in by_name:
            continue
        one = by_name[spec.name]
        if one.datatype != datatype_of(spec) or len(one.shape) != len(spec.shape):
            raise _mismatch(spec, one)
        for size, wanted in zip(one.shape, spec.shape, strict=True):
            if isinstance(wanted, int) and size != wanted:
                raise _mismatch(spec, one)
            if isinstance(wanted, str) and sizes.setdefault(wanted, size) != size:
                expected = f"expected {sizes[wanted]} {wanted} as in the other tensors"
                raise refused(ShapeMismatch, spec.name, f"{expected}, got {size}", one.place)
        if 0 in one.shape:
            raise refused(InvalidInput, spec.name, "expected at least one element", one.place)
        if spec.has_free_rows and one.shape[0] > form.rows_max:
            detail = f"expected at most {form.rows_max} rows"
            raise refused(InputTooLarge, spec.name, detail, one.place)
        left -= prod(one.shape)
        if left < 0:
            detail = f"expected at most {form.elements_max} elements in all tensors"
            raise refused(InputTooLarge, spec.name, detail, one.place)


def naming_tensors(
    form: TensorForm, version: Version, given: Sequence[Announced], rows: int
) -> Callable[[int], AbstractContextManager[None]]:
    """Calling it with a row: what is wrong with that row's input is said of a tensor."""
    places = {one.name: one.place for one in given}

    @contextmanager
    def locating(row: int) -> Iterator[None]:
        try:
            yield
        except InvalidInput as error:
            if error.errors and (name := form.named(version, error.errors[0].pointer)):
                field = error.errors[0].pointer.removeprefix("/input/")
                column = "" if field == name else f", {field}"
                where = f"tensor '{name}'{column}" + (f", row {row}" if rows > 1 else "")
                error.detail = f"{where}: {error.errors[0].detail}"
                at = pointer("inputs", places[name], "data")
                error.errors = tuple(FieldError(at, one.detail) for one in error.errors)
            raise

    return locating


def refused(
    problem: type[InvalidInput], name: str, detail: str, place: int, member: str = "shape"
) -> InvalidInput:
    """`name` is that of a tensor of the model's, never one that was sent."""
    return problem(
        f"tensor '{name}': {detail}",
        errors=[FieldError(pointer("inputs", place, member), detail)],
    )


def _require_names(
    specs: Sequence[TensorSpec], given: Sequence[Announced], optional: frozenset[str]
) -> None:
    taken: Mapping[str, TensorSpec] = {spec.name: spec for spec in specs}
    seen: set[str] = set()
    for one in given:
        detail = ""
        if one.name not in taken:
            detail = "the model has no tensor of this name"
        elif one.name in seen:
            detail = "the tensor comes twice"
        if detail:
            names = ", ".join(f"'{spec.name}'" for spec in specs)
            where = pointer("inputs", one.place, "name")
            raise ShapeMismatch(f"{detail}; it takes {names}", errors=[FieldError(where, detail)])
        seen.add(one.name)
    for name in sorted(taken.keys() - seen - optional):
        detail = f"tensor '{name}': expected {told(taken[name])}, got nothing"
        raise ShapeMismatch(detail, errors=[FieldError("/inputs", detail)])


def _mismatch(spec: TensorSpec, one: Announced) -> InvalidInput:
    detail = f"expected {told(spec)}, got {one.datatype} {list(one.shape)}"
    return refused(ShapeMismatch, spec.name, detail, one.place)
