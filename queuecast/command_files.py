"""`queuecast files`: upload, list and delete."""

from pathlib import Path
from typing import Annotated

import typer

from queuecast.command_session import Format, Json, Output, Url, connected
from queuecast.connection import DEFAULT_URL

app = typer.Typer(no_args_is_help=True, help="Files that inputs name by their URL.")


@app.command()
def upload(
    context: typer.Context,
    *,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    name: Annotated[str | None, typer.Option(help="Another name for it.")] = None,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Upload a file and print the URL that stands for it in an input."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        screen.uploaded(client.upload(path, name=name))


@app.command("list")
def list_files(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """List uploaded files, newest first."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        screen.files(client.files(limit=limit))


@app.command()
def delete(
    context: typer.Context,
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="The files' ids.")],
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Remove uploaded files; what was predicted from them stays."""
    with connected(context, url, as_json or output is Format.JSON) as (client, _screen):
        for one in ids:
            client.delete_file(one)
