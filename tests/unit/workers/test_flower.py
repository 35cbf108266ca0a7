import pytest
from pydantic import SecretStr

from shared.errors import StartupRefused
from workers.flower import require_password


def allowed(settings, **changes: object) -> None:
    require_password(settings.model_copy(update=changes))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_on_loopback_nobody_needs_to_say_who_he_is(settings, host: str) -> None:
    allowed(settings, flower_host=host)


@pytest.mark.parametrize("named", [{}, {"flower_user": "me"}, {"flower_password": SecretStr("p")}])
def test_elsewhere_it_does_not_start_open_to_anybody(settings, named) -> None:
    with pytest.raises(StartupRefused, match="FLOWER_USER"):
        allowed(settings, flower_host="0.0.0.0", **named)


def test_elsewhere_it_starts_with_a_password(settings) -> None:
    named = {"flower_user": "me", "flower_password": SecretStr("p")}
    allowed(settings, flower_host="0.0.0.0", **named)
