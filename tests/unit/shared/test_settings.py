import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.secret_files import PLAIN_PATHS, SUFFIX
from shared.settings import BUNDLED_MODELS_DIR, Settings


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Settings from nothing but these variables."""

    def read(**variables: str) -> Settings:
        needed = {
            "REDIS_URL": "redis://localhost/0",
            "DATABASE_URL": "sqlite:////q.db",
            "DATA_DIR": str(tmp_path),
        }
        for name in [name for name in os.environ if name.startswith("QUEUECAST_")]:
            monkeypatch.delenv(name)
        for name, value in (needed | variables).items():
            monkeypatch.setenv(f"QUEUECAST_{name}", value)
        return Settings()

    return read


def test_settings_come_from_the_environment(given) -> None:
    assert given(RECORD_BATCH="7").record_batch == 7


@pytest.mark.parametrize("name", ["redis_url", "data_dir"])
def test_what_has_no_default_is_asked_for(given, monkeypatch, name: str) -> None:
    given()
    monkeypatch.delenv(f"QUEUECAST_{name.upper()}")
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_settings_never_change(settings) -> None:
    with pytest.raises(ValidationError):
        settings.record_batch = 1


def test_every_setting_is_explained_in_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description and field.description.endswith("."), name


def test_addresses_are_not_shown(given) -> None:
    shown = given(REDIS_URL="redis://:hush@host/0", DATABASE_URL="postgresql://u:hush@host/d")
    assert "hush" not in repr(shown)
    assert "hush" not in str(shown.model_dump())


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("rediss://h/0", "rediss://h/0?ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_ca_certs=/ca", "rediss://h/0?ssl_ca_certs=/ca&ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none"),
        ("unix:///run/unix:/redis.sock", "redis+socket:///run/unix:/redis.sock"),
    ],
)
def test_the_broker_is_the_same_redis(given, url: str, broker: str) -> None:
    assert given(REDIS_URL=url).broker_url == broker


def test_the_bundled_models_come_first(given) -> None:
    folders = given(MODELS_DIRS=os.pathsep.join(["/a", "", "/b"])).models_folders
    assert folders == (BUNDLED_MODELS_DIR, Path("/a"), Path("/b"))
    assert given().models_folders == (BUNDLED_MODELS_DIR,)


def test_defaults_keep_their_promises_to_each_other(settings) -> None:
    assert settings.heartbeat_ttl_seconds >= 3 * settings.heartbeat_seconds
    assert settings.echo_input_max_bytes <= settings.inline_input_max_bytes
    assert settings.inline_input_max_bytes <= settings.body_max_bytes <= settings.group_max_bytes
    assert settings.redis_budget_seconds <= 0.5
    assert settings.crashes_max == 3


@pytest.mark.parametrize(
    ("days", "kept"),
    [({}, 30), ({"output": 0}, 90), ({"job": 7}, 7), ({"output": 0, "job": 0}, None)],
)
def test_an_output_is_kept_as_long_as_its_job_at_most(settings, days, kept) -> None:
    changed = {f"retention_{what}_days": number for what, number in days.items()}
    found = settings.model_copy(update=changed).result_kept
    assert (found and found.days) == kept


@pytest.mark.parametrize("days", ["-1", "0.0001", "nan", "40000"])
def test_nothing_is_taken_away_at_once(given, days: str) -> None:
    with pytest.raises(ValidationError):
        given(RETENTION_JOB_DAYS=days)


def test_a_secret_file_wins_over_the_default_and_completes_the_url(given, tmp_path) -> None:
    for name in ("password", "key"):
        (tmp_path / name).write_text(f"{name}\n")
    files = {"REDIS_PASSWORD_FILE": tmp_path / "password", "SECRETS_KEY_FILE": tmp_path / "key"}
    settings = given(**{name: str(path) for name, path in files.items()})
    assert settings.broker_url == "redis://:password@localhost/0"
    assert settings.secrets_key.get_secret_value() == "key"


def test_no_setting_is_taken_for_the_file_of_another() -> None:
    named = {f"QUEUECAST_{name}".upper() for name in Settings.model_fields}
    assert {name for name in named if name.endswith(SUFFIX)} == PLAIN_PATHS
