"""What a terminal sees: tables and live stages, and nothing that a server could slip in."""

import io

import pytest
from rich.console import Console

from queuecast import Model, Prediction
from queuecast.screen import Screen
from queuecast.watching import stages, watching
from queuecast.wording import model_row, summary


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)


@pytest.fixture
def screen(terminal):
    return Screen(as_json=False, out=terminal, log=terminal)


def test_a_terminal_gets_a_table_with_whole_ids(screen, terminal):
    job = "0199aaaa-0000-7000-8000-000000000001"
    screen.predictions([Prediction(id=job, status="failed", error_code="[bold]odd")])
    text = terminal.file.getvalue()
    assert "status" in text
    assert job in text
    assert "[bold]odd" in text


def test_a_terminal_sees_the_stages_while_they_run(screen, terminal):
    with watching(screen) as on_progress:
        on_progress(Prediction(id="a", status="processing", stage="predicting"))
    assert "queued > preprocessing > predicting" in terminal.file.getvalue()


def test_a_stage_of_a_newer_server_is_shown_alone():
    assert stages(Prediction(id="a", status="processing", stage="pondering")).plain == "pondering"


def test_an_error_cannot_move_the_cursor():
    failed = Prediction(id="a", status="failed", error="cut\x1b[2J\nshort")
    assert summary(failed) == "a failed: cut [2J short"


def test_a_model_is_one_row_without_its_name_repeated():
    model = Model(
        name="digits",
        default_version="digits:2",
        aliases={"champion": "digits:2"},
        versions=[{"version": "1"}, {"version": "2"}],
    )
    assert model_row(model) == ("digits", "2", "1 2 champion=2", "")
