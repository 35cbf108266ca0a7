import json
from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest

from models.image_field import data_uri
from models.processors import load_processor
from models.shapes import train
from models.shapes.contract import Output


@pytest.fixture
def name(bundled, run_model):
    """The output for a picture, all the way from its file."""
    model, version = bundled.resolve("shapes")
    processor = load_processor(model, version)

    def namer(uri):
        model.validate_input(version, {"image": uri})
        return processor.postprocess(run_model(version, processor.preprocess({"image": uri})))

    return namer


def test_held_out_pictures_are_named(name):
    right = 0
    for image, truth in train.pictures(200, train.HELD_OUT_SEED):
        file = BytesIO()
        image.save(file, "PNG")
        uri = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
        right += name(uri)["label"] == truth
    assert right / 200 >= 0.95


def test_samples_are_named_by_their_truth(bundled, name):
    folder = bundled.get("shapes").folder / "samples"
    samples = json.loads((folder / "samples.json").read_text())
    assert len(samples) == 16
    for sample in samples:
        output = name(data_uri(folder / sample["file"]))
        Output.model_validate(output)
        assert output["label"] == sample["truth"]


@pytest.mark.long
@pytest.mark.timeout(400)
def test_training_again_gives_a_model_that_agrees(bundled, run_model, run_onnx):
    model = train.to_onnx(train.fit())
    rows = np.random.default_rng(1).random((50, 1024), np.float32)
    found = run_model(bundled.resolve("shapes")[1], {"pixels": rows})["probabilities"]
    assert (run_onnx(model, rows).argmax(1) == found.argmax(1)).mean() >= 0.9
