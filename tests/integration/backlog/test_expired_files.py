from io import BytesIO
from types import SimpleNamespace

import pytest

from shared.files.files import Files
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.references import of_file
from workers.expired_files import LOOK_SECONDS, ExpiredFiles

DAY = 86400


@pytest.fixture
def parts(settings, engine, clock) -> SimpleNamespace:
    blobs = DirectoryBlobs(settings.blobs_dir)
    return SimpleNamespace(settings=settings, engine=engine, blobs=blobs, clock=clock)


@pytest.fixture
def keep(parts):
    files = Files(parts.engine, parts.blobs, parts.clock, parts.settings)
    return lambda: of_file(files.keep("default", BytesIO(b"x"), "a", "b/c", {}).id)


def test_expired_files_go_and_others_stay(parts, keep, clock) -> None:
    old = keep()
    clock.advance(DAY)
    young = keep()
    ExpiredFiles(parts).run()
    assert [parts.blobs.holds(one) for one in (old, young)] == [False, True]


def test_it_goes_slice_by_slice_and_then_rests(parts, keep, clock, settings) -> None:
    parts.settings = settings.model_copy(update={"sweep_slice": 2})
    old = [keep() for _ in range(3)]
    clock.advance(DAY)
    expired, left = ExpiredFiles(parts), []
    for _ in range(2):
        expired.run()
        left.append(sum(map(parts.blobs.holds, old)))
    assert left == [1, 0]
    late = keep()
    clock.advance(DAY)
    expired._next_at = clock.monotonic() + LOOK_SECONDS
    expired.run()
    assert parts.blobs.holds(late)
