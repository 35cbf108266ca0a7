"""The documentation page: every operation with a curl command, from the OpenAPI document."""

import json
import shlex
from collections.abc import Iterator
from html import escape
from typing import Any

from starlette.responses import HTMLResponse

from api.html_page import html_page, prose

EXAMPLE_MAX_CHARS = 8000

NEW_ID = "'$(python3 -c 'import uuid; print(uuid.uuid4())')'"
"""Within a quoted URL: an id of the client's own."""


def docs_page(document: dict[str, Any], base: str) -> HTMLResponse:
    """`base` is the URL that the curl commands call."""
    sections: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = _operation(method, path, operation, base)
            sections.setdefault(operation["tags"][0], []).append(section)
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in sections.items())
    info = document["info"]
    return html_page(
        info["title"],
        f"<p>{prose(info['description'])}</p>"
        f'<p><a href="openapi.json">openapi.json</a> describes every field, '
        f'<a href="problems">the catalogue</a> every error.</p>{body}',
    )


def _operation(method: str, path: str, operation: dict[str, Any], base: str) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{prose(one['description'])}"
        for one in operation.get("parameters", ())
    )
    answers = "".join(
        f"<tr><td><code>{status}</code><td>{prose(answer['description'])}"
        for status, answer in operation["responses"].items()
    )
    commands = "".join(
        f"<p>{escape(title)}</p><pre>{escape(command)}</pre>"
        for title, command in _commands(method, path, operation, base)
    )
    return (
        f"<h3>{escape(operation['summary'])}</h3>"
        f"<p><code>{method.upper()} {escape(path)}</code></p>{commands}"
        f"<details><summary>Parameters and answers</summary>"
        f"<table>{parameters}</table><table>{answers}</table></details>"
    )


def _commands(
    method: str, path: str, operation: dict[str, Any], base: str
) -> Iterator[tuple[str, str]]:
    """A title and a shell command for each example, or one without a body."""
    content = operation.get("requestBody", {}).get("content", {})
    examples = content.get("application/json", {}).get("examples", {})
    if not examples:
        verb = "" if method == "get" else f"-X {method.upper()} "
        url = base + path.replace("{id}", "ID").replace("{name}", "digits")
        yield "", f"curl {verb}{shlex.quote(url)}"
    for name, example in examples.items():
        url = base + path.replace("{name}", name).replace("{id}", NEW_ID)
        data = json.dumps(example["value"])
        if len(data) <= EXAMPLE_MAX_CHARS:
            verb = "" if method == "post" else f" -X {method.upper()}"
            sent = f"-H 'Content-Type: application/json' -d {shlex.quote(data)}"
            yield example["summary"], f"curl{verb} '{url}' {sent}"
