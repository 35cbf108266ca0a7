import json
from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from models.digits import pages, train
from models.digits.contract import Output
from models.image_field import data_uri
from models.processors import load_processor


@pytest.fixture(scope="module")
def halves():
    """(training, held out)"""
    return pages.split()


@pytest.fixture
def read(bundled, run_model):
    """The label that a version gives a picture, all the way from its file."""

    def reader(reference, uri):
        model, version = bundled.resolve(reference)
        model.validate_input(version, {"image": uri})
        processor = load_processor(model, version)
        return processor.postprocess(run_model(version, processor.preprocess({"image": uri})))

    return reader


def uri(image, format="PNG", **options):
    file = BytesIO()
    image.save(file, format, **options)
    return f"data:image/{format.lower()};base64,{b64encode(file.getvalue()).decode()}"


@pytest.mark.parametrize(("reference", "least"), [("digits:1", 0.96), ("digits:2", 0.985)])
def test_held_out_rows_are_read(bundled, run_model, halves, reference, least):
    _, held_out = halves
    tensors = {"pixels": held_out.cells.astype(np.float32)}
    found = run_model(bundled.resolve(reference)[1], tensors)["probabilities"].argmax(1)
    assert (found == held_out.labels).mean() >= least


@pytest.mark.parametrize(("reference", "least"), [("digits:1", 0.97), ("digits:2", 0.985)])
def test_held_out_pictures_are_read_from_png_to_label(read, halves, reference, least):
    _, held_out = halves
    labels = [read(reference, uri(pages.page(row)))["label"] for row in held_out.cells]
    assert (np.array(labels) == held_out.labels).mean() >= least


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_white_on_black_with_wide_margins_is_read_too(read, halves, format):
    _, held_out = halves
    right = 0
    for row, label in zip(held_out.cells[:60], held_out.labels, strict=False):
        page = ImageOps.invert(pages.page(row, margin=60)).convert("RGB")
        right += read("digits", uri(page, format))["label"] == label
    assert right >= 57


def test_a_picture_taken_sideways_is_read(read, halves):
    _, held_out = halves
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = pages.page(held_out.cells[0]).transpose(Image.Transpose.ROTATE_90)
    assert read("digits", uri(lying, "JPEG", exif=exif))["label"] == held_out.labels[0]


def test_samples_are_held_out_and_named_by_their_truth(bundled, read, halves):
    folder = bundled.get("digits").folder / "samples"
    samples = json.loads((folder / "samples.json").read_text())
    assert len(samples) == len(list(folder.glob("*.png"))) == 50
    numbers = {int(sample["file"][:4]) for sample in samples}
    assert numbers <= set(halves[1].numbers.tolist())
    right = 0
    for sample in samples:
        assert sample["file"].endswith(f"-label-{sample['truth']}.png")
        output = read("digits", data_uri(folder / sample["file"]))
        Output.model_validate(output)
        right += output["label"] == sample["truth"]
    assert right >= 49


def test_an_exported_perceptron_answers_as_scikit_learn_does(halves, run_onnx):
    training, held_out = halves
    few = pages.Digits(training.numbers[:150], training.cells[:150], training.labels[:150])
    pipeline = train.fit_perceptron(few)
    model = train.perceptron_to_onnx(pipeline)
    found = run_onnx(model, held_out.cells.astype(np.float32))
    assert np.abs(found - pipeline.predict_proba(held_out.cells)).max() <= 1e-5


@pytest.mark.long
@pytest.mark.timeout(400)
def test_training_again_gives_models_that_agree(halves, bundled, run_model, run_onnx):
    training, held_out = halves
    rows = held_out.cells.astype(np.float32)
    pipeline = train.fit_perceptron(training)
    again = {
        "digits:1": train.perceptron_to_onnx(pipeline),
        "digits:2": train.convolution_to_onnx(train.fit_convolution(training)),
    }
    for reference, model in again.items():
        found = run_model(bundled.resolve(reference)[1], {"pixels": rows})["probabilities"]
        same = run_onnx(model, rows).argmax(1) == found.argmax(1)
        assert same.mean() >= 0.98
    proba = pipeline.predict_proba(rows)
    assert np.abs(run_onnx(again["digits:1"], rows) - proba).max() <= 1e-5
