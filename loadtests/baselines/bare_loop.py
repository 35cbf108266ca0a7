"""The bare loop: the same preprocess and predict with nothing around them, on the same cores.

Each process takes an equal part of the jobs in batches of the model's own `max_batch_size`. No
HTTP, no queue, no row: what is left is what a system cannot be faster than.
"""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
import orjson

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Looped:
    """`outputs[n]` belongs to job n; `seconds` run from the common start to the last one done."""

    outputs: list[Any]
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Part:
    """What one process does."""

    models_dirs: Sequence[Path]
    model: str
    inputs: Sequence[bytes]
    threads: int


def run(part: Part, processes: int) -> Looped:
    """Shares the jobs out; all processes begin at once, when each has its session warm."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(processes)
    children, ends = [], []
    for number in range(processes):
        ours, theirs = spawn.Pipe(duplex=False)
        own = replace(part, inputs=part.inputs[number::processes])
        children.append(spawn.Process(target=_loop, args=(own, gate, theirs), daemon=True))
        children[-1].start()
        theirs.close()
        ends.append(ours)
    done = [end.recv() for end in ends]
    for child in children:
        child.join()
    outputs: list[Any] = [None] * len(part.inputs)
    for number, (own_outputs, *_) in enumerate(done):
        outputs[number::processes] = own_outputs
    begun, ended = min(one[1] for one in done), max(one[2] for one in done)
    return Looped(outputs, ended - begun, sum(one[3] for one in done))


def _loop(part: Part, gate: Barrier, end: Connection) -> None:
    """Sends (outputs, begun, ended, CPU seconds); times are of the clock that all share."""
    import onnxruntime

    from models.processors import load_processor
    from models.registry import Registry

    model, version = Registry.load(part.models_dirs).resolve(part.model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = part.threads
    session = onnxruntime.InferenceSession(version.path, options)
    processor, names = load_processor(model, version), [one.name for one in session.get_outputs()]
    values = [orjson.loads(one) for one in part.inputs]

    def batch(chosen: list[Any]) -> list[Any]:
        rows = [processor.preprocess(value) for value in chosen]
        feeds = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
        results = dict(zip(names, session.run(names, feeds), strict=True))
        return [
            processor.postprocess({key: found[n : n + 1] for key, found in results.items()})
            for n in range(len(chosen))
        ]

    size = model.max_batch_size or 1
    batch(values[:size])
    gate.wait(START_SECONDS)
    begun, cpu_begun = time.monotonic(), time.process_time()
    outputs = [one for first in range(0, len(values), size) for one in batch(values[first:][:size])]
    end.send((outputs, begun, time.monotonic(), time.process_time() - cpu_begun))
