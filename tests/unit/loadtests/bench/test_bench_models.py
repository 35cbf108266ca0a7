import onnxruntime
import pytest

from loadtests.bench.bench_models import FOLDERS, heavy_models, light_models
from models.processors import load_processor
from models.registry import Registry


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    work = tmp_path_factory.mktemp("models")
    return [light_models(work), heavy_models(work)]


def answer(folders, name):
    """The output for the model's own example."""
    model, version = Registry.load(folders).resolve(name)
    session = onnxruntime.InferenceSession(version.path)
    processor = load_processor(model, version)
    names = [one.name for one in session.get_outputs()]
    values = session.run(names, processor.preprocess(model.example))
    return processor.postprocess(dict(zip(names, values, strict=True)))


def test_the_transformer_gives_an_embedding(folders):
    embedding = answer(folders, "transformer-shaped")["embedding"]
    assert len(embedding) == 384
    assert sum(part * part for part in embedding) == pytest.approx(1, abs=1e-5)


def test_the_resnet_gives_the_best_five_of_a_thousand_classes(folders):
    output = answer(folders, "resnet18-shaped")
    assert len(set(output["labels"])) == 5
    assert output["scores"] == sorted(output["scores"], reverse=True)


def test_the_payload_model_proves_that_a_text_arrived(folders):
    assert answer(folders, "payload") == {"length": 6, "checksum": 2841913987}


def test_no_weights_are_in_the_repository(folders):
    assert list(FOLDERS.rglob("*.onnx")) == []


def test_equal_weights_are_built_each_time(folders, tmp_path):
    again = Registry.load([heavy_models(tmp_path)]).models
    for name, model in Registry.load([folders[1]]).models.items():
        assert model.versions["1"].digest == again[name].versions["1"].digest
