import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from deploy.local.paths import ROOT
from models.registry import Registry, Version
from shared.clock import SystemClock
from shared.errors import JobFailed, RunUnwanted
from shared.settings import BUNDLED_MODELS_DIR
from workers.cores import available_cores
from workers.loading import Loading
from workers.sessions import Sessions, intra_op_threads
from workers.watchdog import Watchdog

ROWS = ["rows", 1]


@pytest.fixture(scope="module")
def bundled() -> Registry:
    return Registry.load([BUNDLED_MODELS_DIR])


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(SystemClock())


@pytest.fixture
def serve(model, settings, tmp_path: Path) -> Callable[..., Sessions]:
    """Sessions over one model made in the test."""

    def make(proto: ModelProto, processing: str = "") -> Sessions:
        path = tmp_path / "m" / "model.onnx"
        path.parent.mkdir()
        path.write_bytes(proto.SerializeToString())
        if processing:
            (path.parent / "processing.py").write_text(processing)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        version = Version("m", "1", digest, path, inputs=(), outputs=())
        model.versions, model.example = {"1": version}, {}
        resolve = lambda reference: (model, version)  # noqa: E731
        return Sessions(SimpleNamespace(models={"m": model}, resolve=resolve), settings)

    return make


def proto(nodes: list[Any], x: int, initializers: tuple[Any, ...] = ()) -> ModelProto:
    """x [rows, 1] -> y [rows, 1]."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", x, ROWS)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ROWS)],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def endless() -> ModelProto:
    """A loop whose condition never ends."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still_going"]),
            helper.make_node("Identity", ["value"], ["same_value"]),
        ],
        "body",
        [
            info("turn", TensorProto.INT64, []),
            info("going", TensorProto.BOOL, []),
            info("value", TensorProto.FLOAT, ROWS),
        ],
        [info("still_going", TensorProto.BOOL, []), info("same_value", TensorProto.FLOAT, ROWS)],
    )
    start = helper.make_tensor("start", TensorProto.BOOL, [], [True])
    loop = helper.make_node("Loop", ["", "start", "x"], ["y"], body=body)
    return proto([loop], TensorProto.FLOAT, (start,))


def looking_up() -> ModelProto:
    """y = table[x], which raises for an x beyond the table."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [2], [10.0, 20.0])
    return proto([helper.make_node("Gather", ["table", "x"], ["y"])], TensorProto.INT64, (table,))


@pytest.mark.parametrize(("name", "version"), [("wine", "1"), ("digits", "1"), ("digits", "2")])
def test_a_bundled_model_runs_its_example(bundled, settings, watchdog, name, version) -> None:
    session = Sessions(bundled, settings).get(name, version)
    row = session.processor.preprocess(session.model.example)
    pair = {tensor: np.concatenate([array, array]) for tensor, array in row.items()}
    probabilities = session.run(pair, watchdog)["probabilities"]
    assert probabilities.shape[0] == 2
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(probabilities[0], probabilities[1], atol=1e-6)


def test_a_session_is_loaded_once(bundled, settings) -> None:
    sessions = Sessions(bundled, settings)
    assert sessions.get("wine", "1") is sessions.get("wine", "1")


@pytest.mark.parametrize(("name", "version"), [("wine", "9"), ("nothing", "1")])
def test_what_is_not_served_is_unavailable(bundled, settings, name, version) -> None:
    with pytest.raises(JobFailed) as refused:
        Sessions(bundled, settings).get(name, version)
    assert refused.value.code == "model_unavailable"


def exchange(path: Path) -> None:
    """A model that would load just as well."""
    other = onnx.load(path)
    other.doc_string = "another one"
    onnx.save(other, path)


@pytest.mark.parametrize("change", [exchange, lambda path: path.write_bytes(b"x"), Path.unlink])
def test_a_file_that_changed_is_refused(serve, model, change) -> None:
    sessions = serve(looking_up())
    change(model.versions["1"].path)
    with pytest.raises(JobFailed) as refused:
        sessions.get("m", "1")
    assert refused.value.code == "model_unavailable"
    assert str(model.folder) not in refused.value.detail


def test_a_model_that_raises_fails_the_run_not_the_session(serve, watchdog) -> None:
    session = serve(looking_up()).get("m", "1")
    with pytest.raises(JobFailed) as failed:
        session.run({"x": np.array([[2]])}, watchdog)
    assert failed.value.code == "prediction_failed"
    assert "\n" not in failed.value.detail
    assert session.run({"x": np.array([[1], [0]])}, watchdog)["y"].tolist() == [[20], [10]]


@pytest.mark.parametrize(
    "feeds", [{}, {"z": np.ones((1, 1))}, {"x": np.ones((1, 1))}, {"x": np.ones(1, np.int64)}]
)
def test_wrong_tensors_fail_the_run(serve, watchdog, feeds) -> None:
    with pytest.raises(JobFailed) as failed:
        serve(looking_up()).get("m", "1").run(feeds, watchdog)
    assert failed.value.code == "prediction_failed"


def test_an_endless_model_is_stopped_at_its_limit(serve, model, watchdog) -> None:
    model.timeout_seconds = 0.05
    session = serve(endless()).get("m", "1")
    watchdog.start(pause_seconds=0.01)
    with pytest.raises(JobFailed) as stopped:
        session.run({"x": np.ones((1, 1), np.float32)}, watchdog)
    assert stopped.value.code == "time_limit_exceeded"
    assert stopped.value.detail == "the model ran longer than 0.05 s"


def test_a_run_that_nobody_waits_for_is_ended(serve, model, watchdog) -> None:
    session = serve(endless()).get("m", "1")
    watchdog.start(pause_seconds=0.01)
    with pytest.raises(RunUnwanted):
        session.run({"x": np.ones((1, 1), np.float32)}, watchdog, lambda: False)


class Robbed(Watchdog):
    """Its work is taken away as soon as something runs."""

    @contextmanager
    def limit(self, *arguments: Any) -> Iterator[Any]:
        with super().limit(*arguments) as limit:
            threading.Thread(target=self.terminate_all).start()
            yield limit


def test_a_run_whose_work_was_taken_away_is_not_the_jobs_failure(serve) -> None:
    session = serve(endless()).get("m", "1")
    with pytest.raises(Exception) as stopped:
        session.run({"x": np.ones((1, 1), np.float32)}, Robbed(SystemClock()))
    assert not isinstance(stopped.value, JobFailed)


@pytest.mark.parametrize(
    ("processes", "threads", "given", "share"),
    [(1, 1, 0, 8), (4, 1, 0, 2), (2, 2, 0, 2), (3, 1, 0, 2), (16, 1, 0, 1), (8, 1, 5, 5)],
)
def test_runs_side_by_side_share_the_cores(settings, processes, threads, given, share) -> None:
    changes = {"predict_processes": processes, "predict_threads": threads}
    told = settings.model_copy(update=changes | {"intra_op_threads": given})
    assert intra_op_threads(told, cores=8) == share


def test_a_session_has_its_share_and_does_not_spin(serve, settings) -> None:
    options = serve(looking_up()).get("m", "1")._session.get_session_options()
    assert options.intra_op_num_threads == intra_op_threads(settings, available_cores())
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_warm_up_loads_the_lane(serve, model, watchdog, tmp_path) -> None:
    example = "import numpy as np\ndef preprocess(i, v): return {'x': np.array([[1]])}\n"
    sessions = serve(looking_up(), example + "postprocess = None\n")
    told: list[int] = []
    sessions.warm_up("gpu", watchdog, lambda: told.append(len(sessions._loaded)))
    assert (sessions._loaded, told) == ({}, [])
    sessions.warm_up("cpu", watchdog, lambda: told.append(len(sessions._loaded)))
    assert (list(sessions._loaded), told) == ([("m", "1")], [0])


def test_a_warm_up_outlives_a_model_that_cannot_be_loaded(serve, model, watchdog) -> None:
    sessions = serve(looking_up())
    model.versions["1"].path.unlink()
    sessions.warm_up("cpu", watchdog)


def test_a_warm_up_outlives_a_processor_that_raises(serve, watchdog) -> None:
    broken = "def preprocess(i, v): raise ValueError('no')\npostprocess = None\n"
    serve(looking_up(), broken).warm_up("cpu", watchdog)


def test_a_model_without_end_of_memory_fails_its_job_and_the_worker_lives(tmp_path) -> None:
    script = Path(__file__).with_name("endless_memory.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=environment, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert said == ["prediction_failed", "prediction_failed", "1000 numbers"], done.stderr[-2000:]


ENDLESS = "import time\nwhile True: time.sleep(0.01)\n"


def test_a_model_that_is_never_loaded_is_unavailable_from_then_on(serve, settings) -> None:
    """Its jobs fail, one by one and at once; the others' do not wait for it."""
    sessions = serve(looking_up(), ENDLESS)
    sessions._loading = Loading(0.2)
    before = set(threading.enumerate())
    for _ in range(2):
        with pytest.raises(JobFailed) as refused:
            sessions.get("m", "1")
        assert refused.value.code == "model_unavailable"
        assert refused.value.detail == "the model was not loaded within 0.2 s"
    loading = [one for one in set(threading.enumerate()) - before if one.name == "loading"]
    assert len(loading) == 1
