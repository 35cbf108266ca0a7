"""What a blob store that fails means to whoever asked for something."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import StorageFull, Unavailable

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def told_as_busy() -> Iterator[None]:
    """An OSError within becomes StorageFull or Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull("the blob store is full", retry_after_seconds=30) from error
        raise Unavailable("the blob store cannot be used now", retry_after_seconds=5) from error
