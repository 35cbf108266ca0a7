"""The client side of the demo: `python -m deploy.local.demo_client URL`, a process of its own."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.demo_report import (
    Run,
    accuracy,
    by_model,
    cache_states,
    models_table,
    predictions_table,
)
from deploy.local.demo_samples import Sample, bundled_samples
from queuecast import AsyncClient, QueuecastError

CONNECTIONS = 32
SENT_AGAIN = 20
DIGITS_ACCURACY = 0.95
PATIENCE_SECONDS = 60


async def demonstrate(url: str, console: Console) -> bool:
    """Whether every job succeeded and the digits were read well enough."""
    samples = bundled_samples()
    async with AsyncClient(url) as client:
        began = time.monotonic()
        runs = await _predict_all(client, samples, console, "real inputs")
        seconds = time.monotonic() - began
        again = await _predict_all(client, samples[:SENT_AGAIN], console, "some again")
    console.print(predictions_table(runs), models_table(runs))
    console.print(f"{len(runs)} predictions in {seconds:.2f} s: {len(runs) / seconds:.0f} per s")
    same = sum(
        first.prediction.output == second.prediction.output
        for first, second in zip(runs, again, strict=False)
    )
    cache = cache_states(again)
    console.print(
        f"{len(again)} sent again: {same} equal answers" + (f"; cache: {cache}" if cache else "")
    )
    if not all(run.prediction.succeeded for run in (*runs, *again)):
        console.print("[red]not every job succeeded")
        return False
    digits = accuracy(by_model(runs).get("digits", []))
    if digits < DIGITS_ACCURACY:
        console.print(f"[red]digits: accuracy {digits:.3f}, at least {DIGITS_ACCURACY} is expected")
    return digits >= DIGITS_ACCURACY


async def _predict_all(
    client: AsyncClient, samples: Sequence[Sample], console: Console, what: str
) -> list[Run]:
    """Submits over `CONNECTIONS` connections at once and waits for every end, in order."""
    free = asyncio.Semaphore(CONNECTIONS)
    columns = TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(what, total=len(samples))
        return await asyncio.gather(
            *(_predict(client, one, free, lambda: progress.advance(task)) for one in samples)
        )


async def _predict(
    client: AsyncClient, sample: Sample, free: asyncio.Semaphore, done: Callable[[], None]
) -> Run:
    async with free:
        submitted = await client.submit(sample.model, sample.input)
        prediction = await client.wait(submitted, PATIENCE_SECONDS)
    done()
    return Run(sample, prediction)


async def _until_stopped(url: str, console: Console) -> bool:
    task = asyncio.ensure_future(demonstrate(url, console))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def main(url: str) -> int:
    console = Console(highlight=False)
    try:
        return 0 if asyncio.run(_until_stopped(url, console)) else 1
    except QueuecastError as error:
        console.print(f"[red]{error}")
        return 1
    except asyncio.CancelledError:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
