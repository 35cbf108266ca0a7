import pytest

from shared.errors import StartupRefused
from shared.secret_files import settings_of, take_in

URL = "QUEUECAST_REDIS_URL"


@pytest.fixture
def written(tmp_path):
    """The path of a file with this content."""

    def write(content: str) -> str:
        path = tmp_path / "secret"
        path.write_text(content)
        return str(path)

    return write


def test_a_setting_may_stand_in_a_file(written) -> None:
    found = settings_of({f"{URL}_FILE": written("redis://host/0\n")})
    assert found == {URL: "redis://host/0"}


@pytest.mark.parametrize(
    ("url", "joined"),
    [
        ("redis://host:6379/0", "redis://:p%40ss%2Fword@host:6379/0"),
        ("rediss://ann@host/0", "rediss://ann:p%40ss%2Fword@host/0"),
        ("rediss://ann:old@[::1]:7/0?x=y", "rediss://ann:p%40ss%2Fword@[::1]:7/0?x=y"),
    ],
)
def test_a_password_is_put_into_its_url(written, url: str, joined: str) -> None:
    given = {URL: url, "QUEUECAST_REDIS_PASSWORD_FILE": written("p@ss/word")}
    assert settings_of(given)[URL] == joined


def test_what_no_file_and_no_password_concerns_is_left_alone() -> None:
    assert settings_of({URL: "redis://host/0", "SOME_FILE": "/nowhere"}) == {}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({f"{URL}_FILE": "/nowhere/at/all"}, "/nowhere/at/all cannot be read: No such file"),
        ({f"{URL}_FILE": "/dev/null"}, "/dev/null is empty"),
        ({f"{URL}_FILE": "/dev/null", URL: "redis://h"}, "are both set"),
        ({"QUEUECAST_REDIS_PASSWORD": "p", URL: "unix:///s"}, "names no host"),
        ({"QUEUECAST_DATABASE_PASSWORD": "p"}, "names no host"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, str], reason: str) -> None:
    with pytest.raises(StartupRefused, match=reason):
        settings_of(given)


def test_bytes_that_are_no_text_are_refused_without_showing_them(tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"\xffhush")
    with pytest.raises(StartupRefused, match="no text") as refused:
        settings_of({f"{URL}_FILE": str(tmp_path / "secret")})
    assert "hush" not in refused.value.detail


def test_the_launcher_hands_on_values_and_no_files(written) -> None:
    environment = {URL: "redis://h/0", "QUEUECAST_REDIS_PASSWORD_FILE": written("p"), "A_FILE": "a"}
    take_in(environment)
    assert environment == {URL: "redis://:p@h/0", "A_FILE": "a"}
