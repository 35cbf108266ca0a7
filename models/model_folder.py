"""Loads one model folder, or refuses it in one line."""

from datetime import UTC, datetime
from pathlib import Path

from models.contract_file import load_contract, valid_example
from models.contracts import Contract
from models.field_paths import is_declared
from models.folder_code import code_digest
from models.manifest import (
    Log,
    Manifest,
    TensorDeclarations,
    VersionDeclaration,
    declared_tensors,
    read_manifest,
)
from models.model import Model
from models.model_file import read_verified, within
from models.signature import UnreadableSignature, read_signature
from models.tensor_spec import TensorSpec
from models.versions import Version
from shared.domain.serving import Sampling
from shared.errors import ModelRefused

DEFAULT_BATCH_SIZE = 32


def load_model(folder: Path) -> Model:
    """Raises ModelRefused. Checks hashes, signatures and that the model's example is valid."""
    manifest = read_manifest(folder)
    if manifest.name != folder.name:
        raise ModelRefused(f"model.toml names it '{manifest.name}', the folder is '{folder.name}'")
    versions = {each.version: _load_version(folder, manifest, each) for each in manifest.versions}
    contract, tensors = load_contract(folder, manifest.limits)
    default = versions[manifest.served_version]
    return Model(
        name=manifest.name,
        description=manifest.description,
        folder=folder,
        versions=versions,
        aliases=dict(manifest.aliases),
        default_version=default.version,
        lane=manifest.lane,
        max_batch_size=_batch_size(manifest, versions),
        max_batch_delay_ms=manifest.max_batch_delay_ms,
        preprocess_batch=manifest.preprocess_batch,
        timeout_seconds=manifest.timeout_seconds,
        input_max_bytes=manifest.limits.input_max_bytes,
        queue_max_jobs=manifest.limits.queue_max_jobs,
        cache_seconds=manifest.cache_ttl_seconds if manifest.cache else 0.0,
        cache_entries=manifest.cache_max_entries,
        allow_non_finite=manifest.allow_non_finite,
        processor_version=f"{manifest.processor_version}-{code_digest(folder)}",
        contract=contract,
        tensors=tensors,
        example=valid_example(contract, default),
        sampling=_sampling(manifest.log, contract, versions),
    )


def _sampling(log: Log, contract: Contract, versions: dict[str, Version]) -> Sampling | None:
    """A field that is to be hidden, but is in no version's input, would be shown by mistake."""
    schemas = [contract.input_schema(version) for version in versions.values()]
    for path in log.redact:
        if not any(is_declared(path, schema) for schema in schemas):
            raise ModelRefused(f"model.toml: log.redact: an input has no field '{path}'")
    if not log.sample_share:
        return None
    return Sampling(log.sample_share, log.sample_max_bytes, tuple(log.redact))


def _load_version(folder: Path, manifest: Manifest, declared: VersionDeclaration) -> Version:
    path = within(folder, declared.file)
    data = read_verified(path, declared.sha256)
    try:
        signature = read_signature(data)
    except UnreadableSignature as error:
        raise ModelRefused(f"version {declared.version}: {error}") from error
    where = f"version {declared.version}"
    return Version(
        model=manifest.name,
        version=declared.version,
        digest=declared.sha256,
        path=path,
        inputs=_agreed(f"{where}: input", signature.inputs, declared.input or manifest.input),
        outputs=_agreed(f"{where}: output", signature.outputs, declared.output or manifest.output),
        created_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )


def _agreed(
    where: str, found: tuple[TensorSpec, ...], declared: TensorDeclarations | None
) -> tuple[TensorSpec, ...]:
    """The file's tensors, with the dimension names of model.toml where it gives some."""
    if declared is None:
        return found
    specs = declared_tensors(declared)
    names = [spec.name for spec in found]
    if set(specs) != set(names):
        told = ", ".join(sorted(specs))
        raise ModelRefused(f"{where}s are {', '.join(names)} in the file, {told} in model.toml")
    for spec in found:
        if not _same(spec, specs[spec.name]):
            told = f"{specs[spec.name]} in model.toml"
            raise ModelRefused(f"{where} '{spec.name}' is {spec} in the file, {told}")
    return tuple(specs[name] for name in names)


def _same(found: TensorSpec, declared: TensorSpec) -> bool:
    fixed = [size if isinstance(size, int) else None for size in found.shape]
    told = [size if isinstance(size, int) else None for size in declared.shape]
    return found.dtype == declared.dtype and fixed == told


def _batch_size(manifest: Manifest, versions: dict[str, Version]) -> int:
    wanted = manifest.max_batch_size
    fixed = next((each for each in versions.values() if not each.has_free_rows), None)
    if fixed is None:
        return wanted or DEFAULT_BATCH_SIZE
    if wanted not in (None, 1):
        detail = f"its row dimension is fixed, so max_batch_size must be 1, not {wanted}"
        raise ModelRefused(f"version {fixed.version}: {detail}")
    return 1
