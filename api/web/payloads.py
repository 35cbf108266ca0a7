"""Inputs and outputs as people look at them: images, class probabilities, JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

IMAGE = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,")
CLASSES_SHOWN = 12
CLASSES_LEAST = 3
NEARLY_NOTHING = 0.0005
CLASSES_MAX = 1000
TEXT_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    uri: str


@dataclass(frozen=True, slots=True)
class Classes:
    """Probabilities by class, the highest first; `others` are not shown."""

    name: str
    shown: tuple[tuple[str, float], ...]
    others: int


@dataclass(frozen=True, slots=True)
class Payload:
    """`text` is what stands beside the pictures and classes, long texts cut short."""

    pictures: tuple[Picture, ...]
    classes: tuple[Classes, ...]
    label: str | None
    text: Any


def looked_at(value: Any) -> Payload:
    fields = list(value.items()) if isinstance(value, Mapping) else [("", value)]
    pictures = tuple(Picture(name, one) for name, one in fields if _is_picture(one))
    classes = tuple(found for name, one in fields if (found := _classes(name, one)) is not None)
    label = value.get("label") if isinstance(value, Mapping) and classes else None
    return Payload(pictures, classes, None if label is None else str(label), brief(value))


def _is_picture(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(IMAGE)


def _classes(name: str, value: Any) -> Classes | None:
    """Numbers from 0 to 1 that sum to about 1 are read as probabilities."""
    if not isinstance(value, Mapping) or not 2 <= len(value) <= CLASSES_MAX:
        return None
    numbers = [one for one in value.values() if type(one) in (int, float) and 0 <= one <= 1]
    if len(numbers) != len(value) or abs(sum(numbers) - 1) > 0.02:
        return None
    ordered = sorted(value.items(), key=lambda pair: -pair[1])
    likely = sum(probability >= NEARLY_NOTHING for _, probability in ordered)
    shown = ordered[: min(CLASSES_SHOWN, max(CLASSES_LEAST, likely))]
    return Classes(name, tuple(shown), len(ordered) - len(shown))


def brief(value: Any) -> Any:
    """The same with long texts and lists cut short."""
    if isinstance(value, str) and len(value) > TEXT_SHOWN:
        return f"{value[:TEXT_SHOWN]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        return {name: brief(one) for name, one in value.items()}
    return list(_first(value)) if isinstance(value, list) else value


def _first(values: list[Any]) -> Iterator[Any]:
    for one in values[:50]:
        yield brief(one)
    if len(values) > 50:
        yield f"… ({len(values)} in all)"
