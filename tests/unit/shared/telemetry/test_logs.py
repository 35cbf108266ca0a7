import json
import subprocess
import sys
from typing import Any

import pytest

# A carriage return is left out: the pipe of the test would change it.
TRICKS = ["a\nb", "\x1b[31mred", "%s %(x)s", "${jndi:ldap://x}", "{0}", "\u2028", "\0"]
TEXT = "".join(TRICKS)
SETTINGS = """
import logging, sys, structlog
from shared.settings import Settings
from shared.telemetry import logs, subject
logs.configure(Settings(redis_url="unix:///s", data_dir="/d", **{more}))
sent, log = sys.stdin.read(), structlog.get_logger()
"""


def logged(program: str, **more: str) -> str:
    """The one line that the program logs of what it is sent."""
    command = [sys.executable, "-c", SETTINGS.replace("{more}", repr(more)) + program]
    run = subprocess.run(command, input=TEXT, capture_output=True, text=True, check=True)
    [line] = run.stderr.split("\n")[:-1]
    assert "\x1b" not in line
    assert "\u2028" not in line
    return line


def read(program: str, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(logged(program, **more))
    return found


@pytest.mark.parametrize(
    ("program", "field"),
    [
        ("log.warning('met', path=sent)", "path"),
        ("log.warning(sent)", "event"),
        ("logging.getLogger('others').warning(sent)", "event"),
        ("logging.getLogger('others').warning('%s', sent)", "event"),
    ],
)
def test_what_a_client_sent_stays_within_one_line_of_json(program: str, field: str) -> None:
    assert read(program)[field] == TEXT


def test_a_carriage_return_stays_within_the_line_too() -> None:
    assert read(r"log.warning('a\r\nb')")["event"] == "a\r\nb"


@pytest.mark.parametrize("program", ["log.warning(sent)", "logging.warning('%s', sent)"])
def test_as_text_it_stays_within_one_line_as_well(program: str) -> None:
    line = logged(program, log_format="text")
    assert line.startswith("timestamp='20")
    assert "level='warning' event='a\\nb\\x1b[31mred%s" in line


def test_lines_of_other_libraries_look_like_ours() -> None:
    ours, others = read("log.info('x')"), read("logging.getLogger('uvicorn.error').info('x')")
    assert ours.keys() == others.keys() == {"timestamp", "level", "logger", "event"}
    assert others["logger"] == "uvicorn.error"


RAISING = """
try:
    try:
        float(sent)
    except ValueError as error:
        raise RuntimeError(sent) from error
except RuntimeError:
    log.exception("failed")
"""


def test_an_error_is_told_without_what_it_says() -> None:
    """Which may repeat what a client sent."""
    told = read(RAISING)["exception"]
    assert "builtins.ValueError" in told and told.endswith("builtins.RuntimeError")
    assert 'File "<string>"' in told
    assert "jndi" not in told


def test_at_debug_it_is_told_whole() -> None:
    assert "jndi" in read(RAISING, log_level="DEBUG")["exception"]


def test_a_line_names_its_job_its_trace_and_its_request() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    program = f"""
subject.about({{"id": "j", "traceparent": "00-{trace}-b7ad6b7169203331-01"}})
subject.about_request("r")
log.info("x")
"""
    line = read(program)
    assert (line["job_id"], line["trace_id"], line["request_id"]) == ("j", trace, "r")
