"""The bare loop: the same preprocess and predict with nothing around them, on the same cores.

Each process takes an equal part of the jobs in batches of the model's own `max_batch_size`. No
HTTP, no queue, no row: what is left is what a system cannot be faster than.
"""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
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


def run(
    models_dirs: Sequence[Path], model: str, inputs: Sequence[bytes], processes: int, threads: int
) -> Looped:
    """Starts the processes, waits until each has its session warm, and lets them go at once."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(processes)
    children, ends = [], []
    for number in range(processes):
        ours, theirs = spawn.Pipe(duplex=False)
        part = inputs[number::processes]
        arguments = (models_dirs, model, part, threads, gate, theirs)
        children.append(spawn.Process(target=_loop, args=arguments, daemon=True))
        children[-1].start()
        theirs.close()
        ends.append(ours)
    parts = [end.recv() for end in ends]
    for child in children:
        child.join()
    begun = min(part[1] for part in parts)
    outputs: list[Any] = [None] * len(inputs)
    for number, part in enumerate(parts):
        outputs[number::processes] = part[0]
    return Looped(outputs, max(part[2] for part in parts) - begun, sum(part[3] for part in parts))


def _loop(
    models_dirs: Sequence[Path],
    name: str,
    inputs: Sequence[bytes],
    threads: int,
    gate: Barrier,
    end: Connection,
) -> None:
    """Sends (outputs, begun, ended, CPU seconds); times are of the clock that all share."""
    import onnxruntime

    from models.processors import load_processor
    from models.registry import Registry

    model, version = Registry.load(models_dirs).resolve(name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(version.path, options)
    processor, names = load_processor(model, version), [one.name for one in session.get_outputs()]
    values = [orjson.loads(one) for one in inputs]

    def batch(part: list[Any]) -> list[Any]:
        rows = [processor.preprocess(value) for value in part]
        feeds = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
        results = dict(zip(names, session.run(names, feeds), strict=True))
        return [
            processor.postprocess({key: found[n : n + 1] for key, found in results.items()})
            for n in range(len(part))
        ]

    size = model.max_batch_size or 1
    batch(values[:size])
    gate.wait(START_SECONDS)
    begun, cpu_begun = time.monotonic(), time.process_time()
    outputs = [one for first in range(0, len(values), size) for one in batch(values[first:][:size])]
    end.send((outputs, begun, time.monotonic(), time.process_time() - cpu_begun))
