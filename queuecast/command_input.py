"""The input of `queuecast predict`, from its `--json` and `--image` options."""

import json
import sys
from pathlib import Path
from typing import Any

import typer

_JSON = "--json"


def read_input(json_text: str | None, image: Path | None) -> Any:
    """What `--json` holds, with the image as its field `image`; bad usage when there is neither."""
    if json_text is None and image is None:
        raise typer.BadParameter("give the input: --image FILE or --json TEXT")
    value = {} if json_text is None else _parse(_source(json_text))
    if image is None:
        return value
    if not isinstance(value, dict):
        raise typer.BadParameter("must be an object when --image is given", param_hint=_JSON)
    return value | {"image": image}


def reference(model: str, version: str | None) -> str:
    """`name:version`, from `MODEL` and `--version`."""
    if version is None:
        return model
    if ":" in model or "@" in model:
        raise typer.BadParameter("MODEL names its version already", param_hint="--version")
    return f"{model}:{version}"


def _source(json_text: str) -> str | bytes:
    if json_text == "-":
        return sys.stdin.buffer.read()
    if not json_text.startswith("@"):
        return json_text
    try:
        return Path(json_text[1:]).read_bytes()
    except OSError as error:
        message = f"{json_text[1:]}: {error.strerror}"
        raise typer.BadParameter(message, param_hint=_JSON) from error


def _parse(source: str | bytes) -> Any:
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"not valid JSON: {error}", param_hint=_JSON) from error
