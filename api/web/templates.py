"""The templates: everything that they show is escaped, and a name that is missing is an error."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.web import payloads, wording
from api.web.static_files import static_url

FOLDER = Path(__file__).parent / "templates"


@cache
def templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static_url"] = static_url
    environment.filters |= {
        "seconds": wording.seconds,
        "bytes": wording.size,
        "number": wording.number,
        "percent": wording.percent,
        "moment": wording.moment,
        "pretty": wording.pretty,
        "brief": payloads.brief,
        "prose": wording.prose,
    }
    return environment
