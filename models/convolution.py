"""Small convolutional networks trained with numpy alone, for the training scripts only.

3 x 3 convolutions with ReLU and, where asked for, 2 x 2 maximum pooling, then a dense layer and
softmax; Adam on cross-entropy. Images are [rows, height, width, channels] while training.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Weights = dict[str, np.ndarray]
DECAY = 1e-4


@dataclass(frozen=True)
class Design:
    """`side` of the square input, channels and pooling of each convolution, number of classes."""

    side: int
    channels: tuple[int, ...]
    pools: tuple[bool, ...]
    classes: int

    @property
    def flat(self) -> int:
        """Numbers that reach the dense layer."""
        side = self.side >> sum(self.pools)
        return side * side * self.channels[-1]


def fresh_weights(design: Design, random: np.random.Generator) -> Weights:
    """He initialisation; kernels are [9 * channels in, channels out]."""
    weights: Weights = {}
    channels_in = 1
    for layer, channels in enumerate(design.channels):
        fan = 9 * channels_in
        weights[f"k{layer}"] = random.normal(0, np.sqrt(2 / fan), (fan, channels))
        weights[f"b{layer}"] = np.zeros(channels)
        channels_in = channels
    weights["w"] = random.normal(0, np.sqrt(1 / design.flat), (design.flat, design.classes))
    weights["b"] = np.zeros(design.classes)
    return {name: value.astype(np.float32) for name, value in weights.items()}


def _patches(images: np.ndarray) -> np.ndarray:
    """[rows, height, width, 9 * channels]: the 3 x 3 surroundings of each pixel."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))
    patches: np.ndarray = windows.transpose(0, 1, 2, 4, 5, 3).reshape(*images.shape[:3], -1)
    return patches


def _scatter(patches: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The transpose of `_patches`: gradients of patches summed into their pixels."""
    rows, height, width, channels = shape
    parts = patches.reshape(rows, height, width, 3, 3, channels)
    padded = np.zeros((rows, height + 2, width + 2, channels), np.float32)
    for down in range(3):
        for across in range(3):
            window = padded[:, down : down + height, across : across + width]
            window += parts[:, :, :, down, across]
    return padded[:, 1:-1, 1:-1]


def _pool(images: np.ndarray) -> np.ndarray:
    rows, height, width, channels = images.shape
    pooled: np.ndarray = images.reshape(rows, height // 2, 2, width // 2, 2, channels).max((2, 4))
    return pooled


def _unpool(gradient: np.ndarray, images: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    spread = gradient.repeat(2, 1).repeat(2, 2)
    routed: np.ndarray = spread * (images == pooled.repeat(2, 1).repeat(2, 2))
    return routed


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(1, keepdims=True)
    return shares


def gradients(design: Design, weights: Weights, images: np.ndarray, labels: np.ndarray) -> Weights:
    """Of the mean cross-entropy over the batch."""
    passes, now = [], images
    for layer, pooling in enumerate(design.pools):
        patches = _patches(now)
        active = np.maximum(patches @ weights[f"k{layer}"] + weights[f"b{layer}"], 0)
        pooled = _pool(active) if pooling else active
        passes.append((now.shape, patches, active, pooled))
        now = pooled
    flat = now.reshape(len(now), -1)
    error = _softmax(flat @ weights["w"] + weights["b"])
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    found = {"w": flat.T @ error, "b": error.sum(0)}
    back = (error @ weights["w"].T).reshape(now.shape)
    for layer in reversed(range(len(passes))):
        shape, patches, active, pooled = passes[layer]
        if design.pools[layer]:
            back = _unpool(back, active, pooled)
        back = (back * (active > 0)).reshape(-1, active.shape[-1])
        found[f"k{layer}"] = patches.reshape(len(back), -1).T @ back
        found[f"b{layer}"] = back.sum(0)
        if layer:
            back = _scatter(back @ weights[f"k{layer}"].T, shape)
    return found


def train(
    design: Design, images: np.ndarray, labels: np.ndarray, *, epochs: int, seed: int
) -> Weights:
    """Adam with a cosine-shaped rate. `images` [rows, side, side, 1], float32 around 0 to 1."""
    random = np.random.default_rng(seed)
    weights = fresh_weights(design, random)
    mean = {name: np.zeros_like(value) for name, value in weights.items()}
    spread = {name: np.zeros_like(value) for name, value in weights.items()}
    batches = list(_batches(len(labels), epochs, random))
    for step, batch in enumerate(batches, 1):
        rate = 0.0015 * (1 + np.cos(np.pi * step / len(batches)))
        for name, slope in gradients(design, weights, images[batch], labels[batch]).items():
            mean[name] += 0.1 * (slope - mean[name])
            spread[name] += 0.001 * (slope**2 - spread[name])
            ahead = mean[name] / (1 - 0.9**step)
            scale = np.sqrt(spread[name] / (1 - 0.999**step)) + 1e-8
            weights[name] -= np.float32(rate) * (ahead / scale + DECAY * weights[name])
    return weights


def _batches(rows: int, epochs: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(epochs):
        yield from np.array_split(random.permutation(rows), rows // 64)
