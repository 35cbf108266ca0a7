"""What every command begins with: where the server is, how it answers, client and screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from queuecast.client import Client
from queuecast.errors import QueuecastError
from queuecast.exit_codes import ExitCode, exit_code
from queuecast.screen import Screen


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


Url = Annotated[str, typer.Option("--url", envvar="QUEUECAST_URL", help="Where the server is.")]
Output = Annotated[
    Format,
    typer.Option("--output", "-o", help="json: results and errors as JSON, one document a line."),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --output json.")]


@contextmanager
def connected(context: typer.Context, url: str, as_json: bool) -> Iterator[tuple[Client, Screen]]:
    """Client and screen of one command, whose errors become one line and an exit code."""
    screen = Screen(as_json)
    try:
        client = context.obj(url)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with client:
        try:
            yield client, screen
        except QueuecastError as error:
            screen.error(error)
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as stop:
            screen.note("queuecast: stopped")
            raise typer.Exit(ExitCode.INTERRUPTED) from stop
