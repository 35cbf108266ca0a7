"""Loads what a model brings in a thread of its own, which is left alone where it does not end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from shared.domain.failures import Failure
from shared.errors import JobFailed

T = TypeVar("T")


class Loading:
    """What was not loaded within `seconds` is not tried again by this process.

    Whatever holds it up held up the next one, too, and with it the jobs of all other models.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._endless: set[str] = set()

    def load(
        self, name: str, make: Callable[[], T], cancel: Callable[[], None] = lambda: None
    ) -> T:
        """What `make` answers or raises; `cancel` asks it to end when its time is over.

        Raises JobFailed(model_unavailable) then, and from then on for this name.
        """
        if name in self._endless:
            raise self._failure()
        loaded: Future[T] = Future()

        def run() -> None:
            try:
                loaded.set_result(make())
            except BaseException as error:
                loaded.set_exception(error)

        threading.Thread(target=run, name="loading", daemon=True).start()
        wait([loaded], self._seconds)
        if loaded.done():
            return loaded.result()
        cancel()
        self._endless.add(name)
        raise self._failure()

    def _failure(self) -> JobFailed:
        reason = f"the model was not loaded within {self._seconds:g} s"
        return JobFailed(Failure.MODEL_UNAVAILABLE, reason)
