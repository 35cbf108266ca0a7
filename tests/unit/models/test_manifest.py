import pytest

from models.manifest import is_name, read_manifest
from shared.errors import ModelRefused

HASH = "0" * 64
VERSION = f'[[versions]]\nversion = "1"\nfile = "1/model.onnx"\nsha256 = "{HASH}"\n'


@pytest.fixture
def read(tmp_path):
    def reader(text):
        (tmp_path / "model.toml").write_text(text)
        return read_manifest(tmp_path)

    return reader


def test_the_shortest_manifest_has_working_defaults(read):
    manifest = read(f'name = "m"\n{VERSION}')
    assert (manifest.lane, manifest.served_version, manifest.cache) == ("cpu", "1", True)
    assert (manifest.cache_ttl_seconds, manifest.cache_max_entries) == (3600, 100_000)


@pytest.mark.parametrize(
    ("more", "served"),
    [("", "2"), ('[aliases]\nchampion = "1"\n', "1"), ('default_version = "1"\n', "1")],
)
def test_the_bare_name_means_the_default_else_the_champion_else_the_last(read, more, served):
    versions = VERSION + VERSION.replace('"1"', '"2"')
    assert read(f'name = "m"\n{more}{versions}').served_version == served


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name = ", "model.toml cannot be read"),
        ('name = "m"', "versions: Field required"),
        (f'name = "M"\n{VERSION}', "name: Value error, should match"),
        (f'name = "a..b"\n{VERSION}', "name: Value error, should match"),
        (f'name = "m"\nsize = 3\n{VERSION}', "size: Extra inputs are not permitted"),
        (f'name = "m"\nmax_batch_size = 0\n{VERSION}', "max_batch_size: Input should be greater"),
        (f'name = "m"\nmax_batch_size = "8"\n{VERSION}', "max_batch_size: Input should be a valid"),
        (f'name = "m"\nmax_batch_delay_ms = -1\n{VERSION}', "max_batch_delay_ms: Input should be"),
        (f'name = "m"\nmax_batch_delay_ms = 99999\n{VERSION}', "max_batch_delay_ms: Input"),
        (f'name = "m"\ncache = 1\n{VERSION}', "cache: Input should be a valid boolean"),
        (f'name = "m"\ncache_ttl_seconds = 0.5\n{VERSION}', "cache_ttl_seconds: Input should be"),
        (f'name = "m"\ncache_ttl_seconds = inf\n{VERSION}', "cache_ttl_seconds: Input should be"),
        (f'name = "m"\ncache_max_entries = 0\n{VERSION}', "cache_max_entries: Input should be"),
        (f'name = "m"\n[log]\nsample_share = 1.5\n{VERSION}', "log.sample_share: Input should"),
        (f'name = "m"\n[log]\nsample_max_bytes = 99999\n{VERSION}', "log.sample_max_bytes: Input"),
        (f'name = "m"\n[log]\nredact = ["a..b"]\n{VERSION}', "log.redact.0: String should match"),
        (f'name = "m"\n{VERSION}{VERSION}', "two versions have the same name"),
        (f'name = "m"\n[aliases]\nx = "9"\n{VERSION}', "points to no version: 9"),
        (f'name = "m"\n{VERSION}'.replace(HASH, "ab"), "sha256: Value error, should be 64"),
        (f'name = "m"\n{VERSION}'.replace("1/model", "../model"), "file: Value error, should be"),
        (f'name = "m"\n{VERSION}'.replace("1/model", "/etc/model"), "file: Value error"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_key(read, text, line):
    with pytest.raises(ModelRefused) as refused:
        read(text)
    assert line in refused.value.detail


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a..b", "A", "\uff41", "a" * 65, "a\n"])
def test_names_that_could_be_paths_or_lookalikes_are_none(name):
    assert not is_name(name)
