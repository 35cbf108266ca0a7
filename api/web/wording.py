"""Numbers, times and JSON as people read them."""

from datetime import datetime
from typing import Any

import orjson
from markupsafe import Markup

from api import html_page

NONE = "\N{EN DASH}"


def seconds(value: float | None) -> str:
    """Three figures at most, in the unit that fits."""
    if value is None:
        return NONE
    if value < 0.9995:
        milliseconds = value * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    if value < 60:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    if value < 5400:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.0f} h" if value < 172_800 else f"{value / 86_400:.0f} d"


def size(value: int | None) -> str:
    if value is None:
        return NONE
    if value < 1024:
        return f"{value} B"
    if value < 1 << 20:
        return f"{value / 1024:.1f} KiB"
    return f"{value / (1 << 20):.1f} MiB"


def number(value: float | None) -> str:
    """With thin spaces between thousands."""
    if value is None:
        return NONE
    text = f"{value:,.1f}" if isinstance(value, float) and value < 100 else f"{value:,.0f}"
    return text.removesuffix(".0").replace(",", "\N{THIN SPACE}")


def percent(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value * 100:.1f} %" if 0.0005 <= value < 0.9995 else f"{value * 100:.0f} %"


def moment(value: str | datetime) -> str:
    """Of a time on the wire, to the second."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC"


def prose(text: str) -> Markup:
    """Escaped, with what stands in backticks as code."""
    return Markup(html_page.prose(text))  # noqa: S704 - it has been escaped


def pretty(value: Any) -> str:
    """JSON on several lines."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
