import socket
import sys
import time
from collections.abc import Iterator

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError
from obstore.store import MemoryStore

from shared.errors import JobInputGone, StartupRefused
from shared.payloads import object_store
from shared.payloads.object_store import REST_SECONDS, ObjectBlobs
from shared.payloads.references import Kind

REFERENCE = "inputs/01890a5d-ac96-774b-bcce-b302099a8057"


class Failing:
    """Fails every call as it is told to; counts the calls."""

    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    def fail(self, *_: object, **__: object):
        self.calls += 1
        raise self.error

    put = get = head = delete = fail

    def list(self, *_: object, **__: object):
        self.fail()
        yield


def every_call(blobs: ObjectBlobs):
    yield lambda: blobs.put(REFERENCE, b"", synced=True)
    yield lambda: blobs.get(REFERENCE)
    yield lambda: blobs.holds(REFERENCE)
    yield lambda: list(blobs.listed(Kind.INPUTS))


@pytest.mark.parametrize("error", [GenericError("503"), PermissionDeniedError("no")])
def test_every_failure_is_an_oserror(clock, error) -> None:
    blobs = ObjectBlobs(Failing(error), clock)
    for call in every_call(blobs):
        with pytest.raises(OSError, match="object store"):
            call()
    blobs.delete(REFERENCE)


def test_a_store_that_does_not_answer_is_left_alone_for_a_while(clock) -> None:
    store = Failing(GenericError("no answer"))
    blobs = ObjectBlobs(store, clock)
    for _ in range(3):
        for call in every_call(blobs):
            with pytest.raises(OSError):
                call()
    assert store.calls == 1
    clock.advance(REST_SECONDS)
    blobs.delete()
    blobs.delete(REFERENCE)
    assert store.calls == 2


def test_only_one_asks_whether_it_is_back(clock) -> None:
    store = Failing(GenericError("no answer"))
    blobs = ObjectBlobs(store, clock)
    blobs.delete(REFERENCE)
    clock.advance(REST_SECONDS)
    meanwhile: list[type[Exception]] = []

    def answer(*_: object) -> None:
        with pytest.raises(OSError, match="a moment ago"):
            blobs.get(REFERENCE)
        meanwhile.append(OSError)

    store.delete = answer
    blobs.delete(REFERENCE)
    assert meanwhile == [OSError]
    with pytest.raises(OSError, match="GenericError"):
        blobs.get(REFERENCE)


def test_one_refused_call_keeps_nobody_else_waiting(clock) -> None:
    store = Failing(PermissionDeniedError("no"))
    blobs = ObjectBlobs(store, clock)
    for call in every_call(blobs):
        with pytest.raises(OSError):
            call()
    assert store.calls == 4


def test_a_bucket_that_is_away_says_nothing_against_a_blob(clock) -> None:
    store = Failing(GenericError("no such bucket"))
    store.head = Failing(FileNotFoundError(REFERENCE)).fail
    with pytest.raises(OSError, match="object store"):
        ObjectBlobs(store, clock).holds(REFERENCE)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Somebody takes connections and never says a word."""
    monkeypatch.setattr(object_store, "REQUEST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        yield url


def test_a_store_that_hangs_is_given_up(endpoint: str, clock) -> None:
    blobs = ObjectBlobs.open("s3://bucket", clock)
    began = time.monotonic()
    with pytest.raises(OSError, match="object store"):
        blobs.put(REFERENCE, b"data", synced=True)
    assert time.monotonic() - began < 5
    with pytest.raises(OSError):
        blobs.get(REFERENCE)


@pytest.mark.parametrize(
    "url",
    ["s3", "s3:", "s3://", "s3:///x", "ftp://b/x", "file:///tmp", "s3://k:v@b/x", "s3://b?x=1"],
)
def test_a_url_that_is_none_is_refused(clock, url: str) -> None:
    with pytest.raises(StartupRefused, match="should look like s3://bucket/prefix"):
        ObjectBlobs.open(url, clock)


def test_what_a_cloud_still_needs_is_said(clock, monkeypatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(StartupRefused, match="Account must be specified") as refused:
        ObjectBlobs.open("az://container/prefix", clock)
    assert "\n" not in refused.value.detail


def test_without_the_extra_it_is_asked_for(clock, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    with pytest.raises(StartupRefused, match="extra `s3`"):
        ObjectBlobs.open("s3://bucket", clock)


def test_a_missing_blob_does_not_rest_the_store(clock) -> None:
    blobs = ObjectBlobs(MemoryStore(), clock)
    with pytest.raises(JobInputGone):
        blobs.get(REFERENCE)
    blobs.put(REFERENCE, b"data", synced=True)
