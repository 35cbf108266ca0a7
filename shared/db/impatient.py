"""Connections to PostgreSQL that wait for an answer, but not for ever.

The server bounds a statement itself, as long as it runs. One that was stopped keeps its
connections: the kernel acknowledges what is sent, so no time-out of TCP ends the wait.
"""

from typing import Any

from sqlalchemy import Engine, event

ANSWER_SECONDS = 6.0
"""A second more than the server gives a statement: it is the one to say so first."""


def wait_no_longer_than(engine: Engine, seconds: float) -> None:
    """Bounds every wait on connections that the engine opens from now on.

    A connection that did not answer in time is closed, and its statement fails as on a lost one:
    whether a commit went through is not known then, as ever.
    """
    import psycopg

    class Impatient(psycopg.Connection[Any]):
        def wait(self, *arguments: Any, **options: Any) -> Any:
            options.setdefault("timeout", seconds)
            try:
                return super().wait(*arguments, **options)
            except psycopg.errors._WaitTimeout as error:
                self.pgconn.finish()
                raise psycopg.OperationalError("the server did not answer in time") from error

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        return Impatient.connect(*arguments, **options)
