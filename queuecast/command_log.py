"""`queuecast log`, `feedback` and `accuracy`: what was predicted, and how right that was."""

from datetime import datetime
from typing import Annotated

import typer

from queuecast.command_session import Format, Json, Output, Url, connected
from queuecast.connection import DEFAULT_URL

After = Annotated[datetime | None, typer.Option(help="Ended then or later.")]
Before = Annotated[datetime | None, typer.Option(help="Ended then or earlier.")]
Version = Annotated[str | None, typer.Option(help="Only those of this name:version.")]


def log(
    context: typer.Context,
    *,
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    version: Version = None,
    status: Annotated[str | None, typer.Option(help="succeeded, failed or canceled")] = None,
    error_code: Annotated[str | None, typer.Option(help="Why they failed.")] = None,
    cache: Annotated[str | None, typer.Option(help="miss, hit or joined")] = None,
    label: Annotated[str | None, typer.Option(help="What was answered; with --model.")] = None,
    after: After = None,
    before: Before = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """List the prediction log, newest first."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        found = client.prediction_log(
            limit=limit,
            model=model,
            version=version,
            status=status,
            error_code=error_code,
            cache=cache,
            label=label,
            completed_after=after,
            completed_before=before,
        )
        screen.logged(found)


def feedback(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(help="The prediction's id.")],
    label: Annotated[str | None, typer.Option(help="The true label.")] = None,
    value: Annotated[float | None, typer.Option(help="The true value.")] = None,
    source: Annotated[str | None, typer.Option(help="Who or what says so.")] = None,
    comment: Annotated[str | None, typer.Option(help="A word on it.")] = None,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Say what was true of a prediction; the last that is said counts."""
    if (label is None) == (value is None):
        raise typer.BadParameter("give --label or --value")
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        screen.details(
            client.feedback(id, label=label, value=value, source=source, comment=comment)
        )


def accuracy(
    context: typer.Context,
    *,
    model: Annotated[str, typer.Argument(help="The model's name.")],
    version: Version = None,
    hourly: Annotated[bool, typer.Option(help="By the hour; else by the day.")] = False,
    after: After = None,
    before: Before = None,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Show how right a model was, of the predictions with feedback."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        found = client.accuracy(
            model, version=version, hourly=hourly, completed_after=after, completed_before=before
        )
        if screen.as_json:
            screen.document(found)
        else:
            screen.measures([*found.over_time, *found.totals])
