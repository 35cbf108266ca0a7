"""The models that only the bench needs, built on demand: their weights are never committed."""

import shutil
from pathlib import Path

from loadtests.bench.graphs import passing, resnet18, transformer
from models.onnx_export import publish

FOLDERS = Path(__file__).with_name("model_folders")
LIGHT = {"payload": passing.build}
HEAVY = {"resnet18-shaped": resnet18.build, "transformer-shaped": transformer.build}


def light_models(work: Path) -> Path:
    """A folder for `./run up --models`."""
    return _built(work / "light-models", LIGHT)


def heavy_models(work: Path) -> Path:
    """About 85 MB of random weights."""
    return _built(work / "heavy-models", HEAVY)


def _built(folder: Path, builders: dict) -> Path:  # type: ignore[type-arg]
    for name, build in builders.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(FOLDERS / name, folder / name, ignore=shutil.ignore_patterns("__*"))
        publish(build(), folder / name, "1")
    return folder
