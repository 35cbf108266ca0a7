"""A link from a page to a file beside docs/ leads somewhere in a clone, and nowhere in the site."""

import re
from typing import Any


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Such a link becomes its text, with the path of the file."""
    up = "../" * (page.file.src_uri.count("/") + 1)
    outside = re.compile(rf"\[([^\]]+)\]\({re.escape(up)}([^)#]+)[^)]*\)")
    return outside.sub(r"\1 (`\2` in a clone)", markdown)
