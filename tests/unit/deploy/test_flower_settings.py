import pytest

from deploy.local.processes import flower_settings


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:5555"),
        ({"QUEUECAST_FLOWER_HOST": "::1"}, "http://[::1]:5555"),
        ({"QUEUECAST_FLOWER_URL": "https://flower.example"}, "https://flower.example"),
    ],
)
def test_the_page_knows_where_flower_is(given: dict[str, str], url: str) -> None:
    found = flower_settings(given, 5555)
    assert found == {"QUEUECAST_FLOWER_PORT": "5555", "QUEUECAST_FLOWER_URL": url}
