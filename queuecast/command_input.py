"""The inputs of `queuecast predict`, from its `--json`, `--lines` and `--image` options."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

_JSON = "--json"
_LINES = "--lines"


def read_inputs(json_text: str | None, lines: str | None, images: Sequence[Path]) -> list[Any]:
    """What `--json` holds, once with each image as its field `image`; or what each line holds."""
    if lines is not None:
        if json_text is not None or images:
            raise typer.BadParameter(
                "takes neither --json nor --image beside it", param_hint=_LINES
            )
        return _parse_lines(_source(lines, _LINES))
    if json_text is None and not images:
        raise typer.BadParameter("give the input: --image FILE, --json TEXT or --lines @FILE")
    value = {} if json_text is None else _parse(_source(json_text, _JSON), _JSON)
    if not images:
        return [value]
    if not isinstance(value, dict):
        raise typer.BadParameter("must be an object when --image is given", param_hint=_JSON)
    return [value | {"image": image} for image in images]


def reference(model: str, version: str | None) -> str:
    """`name:version`, from `MODEL` and `--version`."""
    if version is None:
        return model
    if ":" in model or "@" in model:
        raise typer.BadParameter("MODEL names its version already", param_hint="--version")
    return f"{model}:{version}"


def _source(text: str, option: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    if not text.startswith("@"):
        return text.encode()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        message = f"{text[1:]}: {error.strerror}"
        raise typer.BadParameter(message, param_hint=option) from error


def _parse(source: bytes, option: str, where: str = "") -> Any:
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        message = f"{where}not valid JSON: {error}"
        raise typer.BadParameter(message, param_hint=option) from error


def _parse_lines(source: bytes) -> list[Any]:
    found = [
        _parse(line, _LINES, f"line {number}: ")
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip()
    ]
    if not found:
        raise typer.BadParameter("holds no input", param_hint=_LINES)
    return found
