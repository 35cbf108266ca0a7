import pytest

from loadtests.bench.answers import Direct
from loadtests.chaos import counted_models
from loadtests.chaos.orders import orders


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory):
    return counted_models.build(tmp_path_factory.mktemp("models"))


def test_what_is_expected_is_what_the_models_answer(models_dir) -> None:
    direct = Direct([models_dir])
    for order in [one for one in orders(60, 1) if one.model != "slow"][:20]:
        (answer,) = direct.answers(order.model, [order.input])
        assert (answer["y"], len(answer["padding"])) == order.expected


def test_executions_are_counted_by_stage_and_number(tmp_path) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_text("preprocess 1 5.5\npredict 1 6.0\n")
    first, second = counted_models.executions(ledger)
    assert (first.stage, first.number, first.at, second.stage) == ("preprocess", 1, 5.5, "predict")
