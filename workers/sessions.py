"""Sessions: loaded onnxruntime models. The only module that imports onnxruntime."""

import os
import threading
from collections.abc import Callable, Sequence

import structlog

from models.model_file import read_verified
from models.processors import Processor, load_processor
from models.registry import Model, Registry, Version
from shared.domain.failures import Failure
from shared.errors import (
    JobFailed,
    ModelRefused,
    NotFound,
    RunUnwanted,
    StartupRefused,
    WorkTakenAway,
)
from shared.settings import Settings
from shared.telemetry import counters
from shared.telemetry.vital_signs import resident_bytes
from workers.cores import available_cores
from workers.loading import Loading
from workers.tensors import Tensors, part
from workers.watchdog import Watchdog

# onnxruntime reports its use to its maker unless told before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

log = structlog.get_logger()


class Session:
    """One model version in memory; threads may run it at the same time."""

    def __init__(
        self,
        model: Model,
        version: Version,
        options: onnxruntime.SessionOptions,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        self.model = model
        self.version = version
        self.processor: Processor = load_processor(model, version)
        self._pid = os.getpid()
        self._session = onnxruntime.InferenceSession(
            read_verified(version.path, version.digest),
            sess_options=options,
            providers=providers,
        )
        if (used := self._session.get_providers()[0]) != providers[0]:
            # It still predicts, but many times slower: nobody should need to guess why.
            log.error("provider_fell_back", model=version.reference, wanted=providers[0], used=used)
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(
        self, feeds: Tensors, watchdog: Watchdog, is_wanted: Callable[[], bool] | None = None
    ) -> Tensors:
        """The outputs by name; raises JobFailed when the model raises or runs too long.

        Raises RunUnwanted where `is_wanted`, asked now and then, said no before it was through. It
        ends between two nodes of the graph, or two turns of a loop in it.
        """
        if os.getpid() != self._pid:
            raise RuntimeError("a session must not cross a fork")
        options = onnxruntime.RunOptions()

        def terminate() -> None:
            options.terminate = True

        with watchdog.limit(self.model.timeout_seconds, terminate, is_wanted) as limit:
            try:
                values = self._session.run(self._outputs, feeds, options)
            except Exception as error:
                if limit.taken_away:
                    raise WorkTakenAway("the run was stopped: its jobs run elsewhere") from error
                if limit.unwanted:
                    raise RunUnwanted("nobody waits for this run any more") from error
                if limit.expired:
                    seconds = self.model.timeout_seconds
                    raise JobFailed(
                        Failure.TIME_LIMIT_EXCEEDED, f"the model ran longer than {seconds:g} s"
                    ) from error
                raise JobFailed(Failure.PREDICTION_FAILED, _reason(error)) from error
        return dict(zip(self._outputs, values, strict=True))


class Sessions:
    """The sessions of this process, each loaded once, when first asked for."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._threads = intra_op_threads(settings, available_cores())
        self._providers = chosen_providers(settings)
        self._loaded: dict[tuple[str, str], Session] = {}
        self._loading = Loading(settings.model_load_seconds)
        self._lock = threading.Lock()

    def get(self, model: str, version: str) -> Session:
        """Raises JobFailed(model_unavailable) for what this worker cannot load."""
        key = (model, version)
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._load(model, version)
            return self._loaded[key]

    def warm_up(
        self, lane: str, watchdog: Watchdog, progress: Callable[[], None] = lambda: None
    ) -> None:
        """Loads every version of the lane and runs its example once; what fails is only logged.

        `progress` is told before each of them.
        """
        for model in self._registry.models.values():
            if model.lane != lane:
                continue
            for version in model.versions.values():
                progress()
                try:
                    session = self.get(model.name, version.version)
                    feeds, _ = part(session.processor.preprocess(model.example))
                    session.run(feeds, watchdog)
                except JobFailed as error:
                    log.error("model_not_loaded", model=version.reference, reason=error.detail)
                except Exception:  # the model's own code; its jobs will say so one by one
                    log.exception("warm_up_failed", model=version.reference)

    def _load(self, name: str, version_id: str) -> Session:
        try:
            model, version = self._registry.resolve(f"{name}:{version_id}")
            before = resident_bytes()
            session = self._within_its_time(model, version)
            counters.sessions.labels(name, version_id).inc()
            grown = max(0, resident_bytes() - before)
            counters.session_memory.labels(name, version_id).inc(grown)
            return session
        except (NotFound, ModelRefused) as error:
            raise JobFailed(Failure.MODEL_UNAVAILABLE, error.detail) from error
        except JobFailed:
            raise
        except Exception as error:
            log.exception("session_refused", model=name, version=version_id)
            raise JobFailed(Failure.MODEL_UNAVAILABLE, _reason(error)) from error

    def _within_its_time(self, model: Model, version: Version) -> Session:
        options = _options(self._threads)
        return self._loading.load(
            version.reference,
            lambda: Session(model, version, options, self._providers),
            lambda: options.set_load_cancellation_flag(True),
        )


def intra_op_threads(settings: Settings, cores: int) -> int:
    """Threads of one run: as given, else its share of the cores."""
    runs = settings.predict_processes * settings.predict_threads
    return settings.intra_op_threads or max(1, cores // runs)


def chosen_providers(settings: Settings) -> list[str]:
    """Those of the settings that this onnxruntime has, in their order.

    Raises StartupRefused where it has none of them; those that it lacks are logged.
    """
    wanted = [name.strip() for name in settings.providers.split(",") if name.strip()]
    available = onnxruntime.get_available_providers()
    if missing := [name for name in wanted if name not in available]:
        log.error("providers_missing", missing=missing, available=available)
    found = [name for name in wanted if name in available]
    if not found:
        raise StartupRefused(
            f"QUEUECAST_PROVIDERS: this onnxruntime has none of these, but {', '.join(available)}"
        )
    if "CUDAExecutionProvider" in found:
        onnxruntime.preload_dlls()  # CUDA's libraries are packages, not in the system's folders
    return found


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Idle threads that spin take the cores that the other stages need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _reason(error: Exception) -> str:
    """The first line of an error, short enough to store, without addresses of this machine."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}"[:300]
