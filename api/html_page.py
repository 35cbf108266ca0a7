"""The frame of the pages for readers: no script, and nothing from other hosts, so that they work
where the internet does not."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse

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


def html_page(title: str, body: str) -> HTMLResponse:
    """`body` is HTML, the title is plain text."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


def prose(text: str) -> str:
    """Escaped, with what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
