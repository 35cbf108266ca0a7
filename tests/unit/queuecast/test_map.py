"""`map`: many inputs, some ahead, outputs in order."""

import itertools
import json

import httpx2
import pytest

from queuecast import InvalidInput, ModelNotFound, PredictionFailed
from queuecast.progress_bar import progress_bar
from queuecast.window import Window


class Doubling:
    """A server that doubles numbers; 13 fails, a string is refused. Notes what it has had."""

    def __init__(self):
        self.portions = []
        self.waiting = 0
        self.most = 0

    def __call__(self, request):
        if request.url.path.endswith("/bulk"):
            return httpx2.Response(
                202, json={"results": [*map(self.submitted, self.inputs(request))]}
            )
        number = float(request.url.path.rpartition("/")[2])
        self.waiting -= 1
        ended = (
            {"status": "failed"} if number == 13 else {"status": "succeeded", "output": 2 * number}
        )
        return httpx2.Response(200, json={"id": str(number)} | ended)

    def inputs(self, request):
        inputs = json.loads(request.content)["inputs"]
        self.portions.append(len(inputs))
        return inputs

    def submitted(self, number):
        if isinstance(number, str):
            problem = {"type": "/problems/invalid-input", "title": "T", "status": 422}
            return {"problem": problem}
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return {"prediction": {"id": str(number), "status": "starting"}}


@pytest.fixture
def doubling(script):
    """The scripted server is replaced by one that thinks."""
    return Doubling()


@pytest.fixture
def mapped(client, server, doubling, monkeypatch):
    monkeypatch.setattr(type(server), "__call__", lambda _, request: doubling(request))
    return lambda *arguments, **options: list(client.map("m", *arguments, **options))


def test_outputs_come_in_the_order_of_the_inputs(mapped):
    assert mapped(range(20, 90), in_flight=7) == [2.0 * number for number in range(20, 90)]


def test_no_more_are_in_flight_than_asked_for(mapped, doubling):
    mapped(range(20, 90), in_flight=8)
    assert doubling.most == 8
    assert set(doubling.portions[1:-1]) == {4}


def test_nothing_comes_of_nothing(mapped, doubling):
    assert mapped([]) == []
    assert doubling.portions == []


def test_an_error_is_raised_in_its_turn(mapped):
    with pytest.raises(PredictionFailed):
        mapped([1, 13, "no"])
    with pytest.raises(InvalidInput):
        mapped([1, "no", 13])


def test_errors_stand_in_the_place_of_outputs_on_request(mapped):
    found = mapped([1, "no", 13, 2], return_errors=True)
    assert [found[0], found[3]] == [2.0, 4.0]
    assert [type(error) for error in found[1:3]] == [InvalidInput, PredictionFailed]


def test_what_concerns_all_is_the_error_of_each(client, script, problem):
    script(problem(404, "model-not-found"))
    found = list(client.map("m", [1, 2], return_errors=True))
    assert [type(error) for error in found] == [ModelNotFound] * 2


def test_a_window_reads_no_further_than_it_must():
    numbers = itertools.count()
    window = Window(numbers, 4)
    window.add([None] * len(window.portion()))
    assert (window.portion(), next(numbers)) == ([], 4)


def test_a_window_has_room_for_one_at_least():
    with pytest.raises(ValueError, match="in_flight"):
        Window([], 0)


@pytest.mark.parametrize(("terminal", "wanted", "drawn"), [(1, 1, 1), (0, 1, 0), (1, 0, 0)])
def test_a_bar_is_drawn_on_a_terminal_alone(capsys, monkeypatch, terminal, wanted, drawn):
    monkeypatch.setattr("sys.stderr.isatty", lambda: bool(terminal))
    with progress_bar("wine", [1, 2], bool(wanted)) as advance:
        advance()
    assert ("1/2" in capsys.readouterr().err) is bool(drawn)
