import pytest

from shared.container import Container
from shared.payloads.directory import DirectoryBlobs
from shared.payloads.object_store import ObjectBlobs


@pytest.mark.parametrize(("url", "kind"), [("", DirectoryBlobs), ("s3://bucket/x", ObjectBlobs)])
def test_blobs_stand_where_the_settings_say(settings, url: str, kind: type) -> None:
    chosen = settings.model_copy(update={"blobs_url": url})
    assert type(Container(chosen, served={}).blobs) is kind
