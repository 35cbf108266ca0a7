import numpy as np
import pytest

from models.convolution import Design, fresh_weights, gradients, train
from models.convolution_export import from_convolution

DESIGN = Design(side=8, channels=(3, 4), pools=(True, False), classes=3)


@pytest.fixture
def batch():
    random = np.random.default_rng(3)
    return random.random((6, 8, 8, 1), np.float32), np.array([0, 1, 2, 0, 1, 2])


def test_gradients_are_those_of_the_exported_graph(batch, run_onnx):
    images, labels = batch
    weights = fresh_weights(DESIGN, np.random.default_rng(4))

    def loss():
        model = from_convolution(DESIGN, weights, "pixels", 1.0)
        shares = run_onnx(model, images.reshape(6, 64))
        return -np.log(shares[np.arange(6), labels].astype(np.float64)).mean()

    slopes = gradients(DESIGN, weights, images, labels)
    for name, at in (("k0", (4, 1)), ("k1", (10, 2)), ("w", (5, 1)), ("b1", (0,))):
        weights[name][at] += 0.01
        above = loss()
        weights[name][at] -= 0.02
        slope = (above - loss()) / 0.02
        weights[name][at] += 0.01
        assert slopes[name][at] == pytest.approx(slope, rel=0.05, abs=1e-3)


def test_the_scale_is_part_of_the_exported_graph(batch, run_onnx):
    weights = fresh_weights(DESIGN, np.random.default_rng(4))
    rows = batch[0].reshape(6, 64)
    plain = run_onnx(from_convolution(DESIGN, weights, "pixels", 1.0), rows)
    scaled = run_onnx(from_convolution(DESIGN, weights, "pixels", 1 / 16), rows * 16)
    assert np.allclose(plain, scaled, atol=1e-6)


def test_training_is_repeatable_and_learns(run_onnx):
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, 300)
    images = random.random((300, 8, 8, 1), np.float32) * 0.2
    images[np.arange(300), labels * 3] += 0.8
    first, second = (train(DESIGN, images, labels, epochs=40, seed=1) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)
    found = run_onnx(from_convolution(DESIGN, first, "pixels", 1.0), images.reshape(300, 64))
    assert (found.argmax(1) == labels).mean() > 0.95
