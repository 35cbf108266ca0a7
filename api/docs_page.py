"""The documentation page: every operation with a curl command, from the OpenAPI document.

No script and nothing from other hosts, so that it works where the internet does not.
"""

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1d2733; background: #fff }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { background: #f3f5f7; padding: .8rem; overflow-x: auto; user-select: all; border-radius: 4px }
h2 { margin-top: 3rem; text-transform: capitalize } h3 { margin-top: 2rem }
td { padding: .1rem 1rem .1rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { color: #dde3ea; background: #14191f } pre { background: #1f262e } a { color: #8ab4f8 } }
"""
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
EXAMPLE_MAX_CHARS = 8000

NEW_ID = "'$(python3 -c 'import uuid; print(uuid.uuid4())')'"
"""Within a quoted URL: an id of the client's own."""


def docs_page(document: dict[str, Any], base: str) -> str:
    """HTML; `base` is the URL that the curl commands call."""
    sections: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = _operation(method, path, operation, base)
            sections.setdefault(operation["tags"][0], []).append(section)
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in sections.items())
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1><p>{_prose(info['description'])}</p>"
        f'<p><a href="/openapi.json">openapi.json</a> describes every field.</p>{body}</html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any], base: str) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{_prose(one['description'])}"
        for one in operation.get("parameters", ())
    )
    answers = "".join(
        f"<tr><td><code>{status}</code><td>{_prose(answer['description'])}"
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


def _prose(text: str) -> str:
    """Escaped, with what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


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
