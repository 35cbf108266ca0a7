"""All models that this installation serves.

The API imports this at start: never numpy, onnxruntime or onnx here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

from models.manifest import MANIFEST, is_name
from models.model import Model
from models.model_folder import load_model
from models.tensor_spec import TensorSpec
from models.versions import Version
from shared.domain.serving import Serving
from shared.errors import (
    InvalidModelName,
    InvalidParameter,
    ModelNotFound,
    ModelRefused,
    StartupRefused,
    VersionNotFound,
)

__all__ = ["Model", "RefusedModel", "Registry", "TensorSpec", "Version"]

DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RefusedModel:
    """A folder that is not served; `reason` is one line for the operator."""

    name: str
    reason: str


class Registry:
    """Immutable; a model folder that changes is seen at the next start."""

    def __init__(self, models: Mapping[str, Model], refused: Sequence[RefusedModel] = ()) -> None:
        self.models = dict(sorted(models.items()))
        self.refused = tuple(refused)
        self._by_digest = {
            version.digest: (model, version)
            for model in self.models.values()
            for version in model.versions.values()
        }

    @property
    def fingerprint(self) -> str:
        """Of all that is served: what makes a result another one changes it."""
        told = blake2b(digest_size=8)
        for model in self.models.values():
            digests = ",".join(sorted(one.digest for one in model.versions.values()))
            told.update(f"{model.name} {model.processor_version} {digests}\n".encode())
        return told.hexdigest()

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Self:
        """Reads every `<folder>/<model>/model.toml`; a bad model is refused, the others serve.

        Of two models with one name the first folder's wins. Raises StartupRefused when a folder
        does not exist.
        """
        models: dict[str, Model] = {}
        refused: list[RefusedModel] = []
        for path in _model_folders(folders):
            try:
                if path.name in models:
                    raise ModelRefused(f"{models[path.name].folder} already serves this name")
                models[path.name] = load_model(path)
            except ModelRefused as error:
                refused.append(RefusedModel(path.name, " ".join(error.detail.split())))
        return cls(models, refused)

    @property
    def served(self) -> dict[str, Serving]:
        """What the queue needs to know of each model."""
        return {
            name: Serving(
                model.lane,
                model.cache_seconds,
                model.cache_entries,
                model.queue_max_jobs,
                model.sampling,
            )
            for name, model in self.models.items()
        }

    def get(self, name: str) -> Model:
        """Raises InvalidModelName or ModelNotFound."""
        if not is_name(name):
            raise InvalidModelName("a model name matches ^[a-z0-9][a-z0-9._-]{0,63}$ without '..'")
        if name not in self.models:
            raise ModelNotFound("no model of this name is served")
        return self.models[name]

    def resolve(self, reference: str) -> tuple[Model, Version]:
        """`name`, `name:version`, `name@alias` or a version's 64-hex digest.

        Raises what `get` raises, VersionNotFound, and InvalidParameter for a bare version number.
        """
        if DIGEST.fullmatch(reference) and reference not in self.models:
            return self._by_version_digest(reference)
        if reference.isdecimal() and reference not in self.models:
            raise InvalidParameter("a version is `name:version` or its 64-hex digest")
        name, mark, wanted = reference.partition("@" if "@" in reference else ":")
        model = self.get(name)
        if mark == "@":
            wanted = model.aliases.get(wanted, "")
        elif not mark:
            wanted = model.default_version
        if wanted not in model.versions:
            kind = "alias" if mark == "@" else "version"
            raise VersionNotFound(f"the model {name} has no such {kind}")
        return model, model.versions[wanted]

    def _by_version_digest(self, digest: str) -> tuple[Model, Version]:
        if digest not in self._by_digest:
            raise VersionNotFound("no version has this digest")
        return self._by_digest[digest]


def _model_folders(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in map(Path.absolute, folders):
        if not folder.is_dir():
            raise StartupRefused(f"the models folder {folder} does not exist")
        yield from sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
