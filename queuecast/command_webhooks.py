"""`queuecast webhooks`: listen, deliveries, replay, test, secret."""

import time
from typing import Annotated

import typer

from queuecast.client import Client
from queuecast.command_session import Format, Json, Output, Url, connected
from queuecast.connection import DEFAULT_URL
from queuecast.exit_codes import ExitCode
from queuecast.listening import Receiver
from queuecast.results import Delivery, Prediction

LOOK_SECONDS = 0.3
TEST_SECONDS = 20.0  # a receiver has 15 s to answer

app = typer.Typer(no_args_is_help=True, help="Being called when a prediction is done.")


@app.command()
def listen(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(help="0 takes any that is free.")] = 8900,
    secret: Annotated[
        str | None,
        typer.Option(envvar="QUEUECAST_WEBHOOK_SECRET", help="Instead of asking the server."),
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: never.")] = 0,
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Receive webhooks on this machine, verify each and print what it tells of.

    The server must run with QUEUECAST_WEBHOOK_DEVELOPMENT=true to call it.
    """
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        known = secret or client.webhook_secret()
        received: list[Prediction] = []
        address = ("127.0.0.1", port)
        with Receiver(address, [known], received.append, screen.error) as receiver:
            screen.note(f"listening on {receiver.url}")
            told = 0
            while not count or told < count:
                receiver.handle_request()
                for one in received:
                    screen.ended(one)
                told += len(received)
                received.clear()


@app.command()
def deliveries(
    context: typer.Context,
    *,
    id: Annotated[str, typer.Argument(help="The prediction's id.")],
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Show the webhooks of a prediction, with how their last attempts went."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        screen.deliveries(client.deliveries(id))


@app.command()
def replay(
    context: typer.Context,
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="The deliveries' ids.")],
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Send finished webhooks again."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        screen.deliveries([client.replay(one) for one in ids])


@app.command()
def test(
    context: typer.Context,
    *,
    receiver: Annotated[str, typer.Argument(metavar="URL", help="The receiver.")],
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Send a test event and show what came of it; exit 1 when it was not delivered."""
    with connected(context, url, as_json or output is Format.JSON) as (client, screen):
        ended = _settled(client, client.test_webhook(receiver))
        screen.deliveries([ended])
    if ended.status != "delivered":
        raise typer.Exit(ExitCode.PREDICTION_FAILED)


@app.command()
def secret(
    context: typer.Context,
    *,
    rotate: Annotated[bool, typer.Option(help="Make a new one; the old one signs for a day.")] = (
        False
    ),
    url: Url = DEFAULT_URL,
    output: Output = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Print the secret by which receivers verify webhooks."""
    with connected(context, url, as_json or output is Format.JSON) as (client, _screen):
        typer.echo(client.webhook_secret(rotate=rotate))


def _settled(client: Client, delivery: Delivery) -> Delivery:
    until = time.monotonic() + TEST_SECONDS
    while delivery.status == "pending" and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        delivery = client.delivery(delivery)
    return delivery
