"""The commands of `queuecast`; what they print is in `screen`, what they return in `exit_codes`."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from queuecast import command_files, command_log, command_webhooks
from queuecast.client import Client
from queuecast.command_input import read_inputs, reference
from queuecast.command_many import predict_many
from queuecast.command_session import Format, Json, Output, Url, connected
from queuecast.connection import DEFAULT_URL
from queuecast.exit_codes import ExitCode
from queuecast.jobs import Job
from queuecast.results import Prediction
from queuecast.retries import Retries
from queuecast.screen import Screen
from queuecast.version import __version__
from queuecast.watching import watching

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")
app.add_typer(command_files.app, name="files")
app.add_typer(command_webhooks.app, name="webhooks")
for command in (command_log.log, command_log.feedback, command_log.accuracy):
    app.command()(command)


Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show its stages until it is done.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait at most.")]


def connect(url: str, api_key: str | None = None) -> Client:
    """The client of a command: a person waits, so it gives up after about a second of pauses."""
    return Client(url, api_key, retries=Retries(attempts=4))


def run(arguments: Sequence[str], connect: Callable[[str], Client] = connect) -> int:
    """Run one command line and return its exit code."""
    try:
        code = app(list(arguments), prog_name="queuecast", standalone_mode=False, obj=connect)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:
        # Older typer raises click's own class, newer a class of its own: both can say it in a line.
        if not hasattr(error, "format_message"):
            raise
        sys.stderr.write(f"queuecast: {' '.join(error.format_message().split())}\n")
        return ExitCode.USAGE
    return code or ExitCode.OK


@app.callback(invoke_without_command=True)
def queuecast(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    api_key: Annotated[
        str | None,
        typer.Option(help="The key; in QUEUECAST_API_KEY nobody sees it in a list of processes."),
    ] = None,
) -> None:
    """Predictions from a Queuecast server.

    Every command takes --output json; jobs, job and models also --json, which for predict is the
    input. QUEUECAST_URL says where the server is, QUEUECAST_API_KEY holds the key.

    Exit codes: 0 done, 1 the prediction failed, 2 wrong usage, 3 refused by the server, 4 server
    not reachable or unavailable, 5 waited too long, 130 Ctrl-C.
    """
    if api_key is not None:
        context.obj = partial(context.obj, api_key=api_key)
    if version:
        typer.echo(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


@app.command()
def predict(
    context: typer.Context,
    *,
    model: Annotated[str, typer.Argument(help="name, name:version or name@alias")],
    image: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="An image: the input's field 'image'; may be repeated.",
        ),
    ] = None,
    json_text: Annotated[
        str | None,
        typer.Option("--json", metavar="TEXT|@FILE|-", help="The input as JSON; - reads stdin."),
    ] = None,
    lines: Annotated[
        str | None,
        typer.Option(metavar="@FILE|-", help="Inputs as JSON, one a line; - reads stdin."),
    ] = None,
    version: Annotated[str | None, typer.Option(help="The model version.")] = None,
    watch: Watch = False,
    wait: Annotated[bool, typer.Option(help="Wait for the outcome, or print the id.")] = True,
    timeout: Timeout = 60.0,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
) -> None:
    """Submit one input and print the output; of several, one line for each.

    queuecast predict digits --image seven.png

    queuecast predict wine --json @wine.json --output json

    queuecast predict wine --lines @wines.jsonl > cultivars.jsonl
    """
    asked, inputs = reference(model, version), read_inputs(json_text, lines, image or ())
    if lines is not None or len(inputs) > 1:
        if watch:
            raise typer.BadParameter("takes one input", param_hint="--watch")
        with connected(context, url, output is Format.JSON) as (client, screen):
            patience = timeout if wait else None
            raise typer.Exit(predict_many(client, screen, asked, inputs, patience))
    with connected(context, url, output is Format.JSON) as (client, screen):
        prediction = client.submit(asked, inputs[0])
        if not wait:
            screen.accepted(prediction)
            raise typer.Exit(ExitCode.OK)
        ended = _follow(client, screen, prediction, watch=watch, timeout_seconds=timeout)
        screen.outcome(ended)
    _exit_as(ended)


@app.command()
def jobs(
    context: typer.Context,
    *,
    status: Annotated[
        str | None,
        typer.Option(help="starting, processing, succeeded, failed or canceled"),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    version: Annotated[str | None, typer.Option(help="Only those of this name:version.")] = None,
    after: Annotated[datetime | None, typer.Option(help="Created then or later.")] = None,
    before: Annotated[datetime | None, typer.Option(help="Created then or earlier.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE in their metadata; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """List predictions, newest first."""
    pairs = [pair.partition("=") for pair in metadata or ()]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("--metadata should be KEY=VALUE")
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        found = client.predictions(
            limit=limit,
            status=status,
            model=model,
            version=version,
            created_after=after,
            created_before=before,
            metadata={key: value for key, _, value in pairs},
        )
        screen.predictions(found)


@app.command()
def job(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(help="The prediction's id.")],
    watch: Watch = False,
    timeout: Timeout = 60.0,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Show one prediction; with --watch wait for its end, and exit 1 if it failed."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        prediction = client.get(id)
        if watch:
            prediction = _follow(client, screen, prediction, watch=True, timeout_seconds=timeout)
        screen.details(prediction)
    if watch:
        _exit_as(prediction)


@app.command()
def cancel(
    context: typer.Context,
    *,
    ids: Annotated[list[str], typer.Argument(help="The ids of predictions.")],
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """End predictions that have not ended yet; says what each has come to."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        for each in ids:
            screen.ended(client.cancel(each))


@app.command()
def models(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Show all about this one.")] = None,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """List the models, or show one with its schemas and an example input."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        if name is None:
            screen.models(client.models())
        else:
            screen.details(client.model(name))


def _follow(
    client: Client, screen: Screen, prediction: Prediction, *, watch: bool, timeout_seconds: float
) -> Job:
    try:
        if not watch:
            return client.wait(prediction, timeout_seconds)
        with watching(screen) as on_progress:
            return client.wait(prediction, timeout_seconds, on_progress=on_progress)
    except KeyboardInterrupt as stop:
        screen.note(f"queuecast: stopped; prediction {prediction.id} goes on")
        raise typer.Exit(ExitCode.INTERRUPTED) from stop


def _exit_as(prediction: Prediction) -> None:
    if not prediction.succeeded:
        raise typer.Exit(ExitCode.PREDICTION_FAILED)
