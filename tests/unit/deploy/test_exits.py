import json

import pytest

from deploy.local.exits import describe_exit, last_line


def test_a_signal_is_called_by_its_name(tmp_path):
    assert describe_exit(-9, tmp_path / "absent.log") == "was killed by SIGKILL"


def test_a_code_comes_with_the_last_words_of_the_log(tmp_path):
    log = tmp_path / "api.log"
    log.write_text("starting\napi: the database is at revision none\n\n")
    assert describe_exit(2, log) == "ended with code 2: api: the database is at revision none"
    assert describe_exit(0, log) == "ended with code 0"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (json.dumps({"event": "refused", "level": "error"}), "refused"),
        (
            json.dumps({"event": "boom", "exception": "Traceback …\nValueError: x"}),
            "boom: ValueError: x",
        ),
        ("[1, 2]", "[1, 2]"),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_of_a_json_line_the_event_is_said(tmp_path, written, said):
    log = tmp_path / "log"
    log.write_text(f"before\n{written}\n" if written else "")
    assert last_line(log) == said


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"\xff" * 100_000 + b"\nthe end\n")
    assert last_line(log) == "the end"
