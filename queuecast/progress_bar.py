"""A progress bar on a terminal, where the extra `cli` is installed."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str, items: Iterable[object], wanted: bool) -> Iterator[Callable[[], None]]:
    """Gives what to call after each item; draws on stderr, or nothing where nobody would see it."""
    if not wanted or not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed
    except ModuleNotFoundError:
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        total = len(items) if isinstance(items, Sized) else None
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task)
