import json

import pytest

from loadtests.bench import bench_models, questions
from models.registry import Registry
from shared.settings import BUNDLED_MODELS_DIR

SOURCES = {
    "wine": questions.wine,
    "digits": questions.digits,
    "resnet18-shaped": questions.resnet18_shaped,
    "transformer-shaped": questions.transformer_shaped,
    "payload": questions.payload(1 << 14),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    work = tmp_path_factory.mktemp("models")
    folders = [bench_models.light_models(work), bench_models.heavy_models(work)]
    registry = Registry.load([BUNDLED_MODELS_DIR, *folders])
    assert registry.refused == ()
    return registry


@pytest.mark.parametrize("model", SOURCES)
def test_every_input_keeps_its_model_s_contract(registry, model):
    for number in (0, 1, 777, 10**9):
        registry.get(model).validate_input(
            registry.resolve(model)[1], json.loads(SOURCES[model](number))
        )


@pytest.mark.parametrize("model", SOURCES)
def test_no_two_inputs_are_alike_and_each_comes_out_the_same_again(model):
    made = [SOURCES[model](number) for number in range(200)]
    assert len(set(made)) == 200
    assert SOURCES[model](7) == made[7]


def test_digits_are_distinct_for_as_many_as_are_asked_for():
    assert len({questions.digits(number) for number in range(4_000)}) == 4_000


@pytest.mark.parametrize("size", [1 << 10, 1 << 20])
def test_a_payload_fills_a_body_of_its_size(size):
    body = b'{"model":"payload","input":%b}' % questions.payload(size)(3)
    assert size - 64 <= len(body) <= size
