import pytest

from loadtests.bench.answers import Direct, is_same, require_equal
from loadtests.bench.errors import ArmFailed
from loadtests.bench.questions import digits, wine

OUTPUT = {"label": "barolo", "probabilities": [0.25, 0.75]}


@pytest.mark.parametrize(
    ("got", "same"),
    [
        ({"label": "barolo", "probabilities": [0.25000001, 0.75]}, True),
        ({"label": "barolo", "probabilities": [0.2501, 0.75]}, False),
        ({"label": "barbera", "probabilities": [0.25, 0.75]}, False),
        ({"label": "barolo", "probabilities": [0.25]}, False),
        ({"label": "barolo"}, False),
        ({"label": "barolo", "probabilities": None}, False),
        (None, False),
    ],
)
def test_a_result_is_the_direct_answer_or_it_is_not(got, same):
    assert is_same(got, OUTPUT) is same


def test_a_wrong_result_is_named():
    with pytest.raises(ArmFailed, match="1 of 2 results are wrong; number 1 is None"):
        require_equal([OUTPUT, None], [OUTPUT, OUTPUT])


def test_direct_answers_do_not_depend_on_who_shares_the_batch():
    direct, inputs = Direct(), [wine(n) for n in range(40)]
    alone = [direct.answers("wine", [one])[0] for one in inputs]
    require_equal(direct.answers("wine", inputs), alone)
    assert {answer["label"] for answer in alone} == {"barolo", "grignolino", "barbera"}


def test_moved_digits_are_still_read():
    answers = Direct().answers("digits", [digits(n) for n in range(30)])
    assert [answer["label"] for answer in answers][:3] == [0, 3, 4]
