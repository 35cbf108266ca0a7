"""Which of onnxruntime's providers a worker runs its models with."""

import onnxruntime
import pytest
from structlog.testing import capture_logs

from models.registry import Registry
from shared.errors import StartupRefused
from shared.settings import BUNDLED_MODELS_DIR
from workers.sessions import Sessions, chosen_providers

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def wanting(settings, *names: str):
    return settings.model_copy(update={"providers": ", ".join(names)})


def test_by_default_models_run_on_the_cpu(settings) -> None:
    with capture_logs() as logged:
        assert chosen_providers(settings) == [CPU]
    assert logged == []


def test_what_is_missing_is_said_and_the_next_one_taken(settings) -> None:
    with capture_logs() as logged:
        assert chosen_providers(wanting(settings, "NoSuchProvider", CPU)) == [CPU]
    (said,) = logged
    assert said["event"] == "providers_missing"
    assert said["missing"] == ["NoSuchProvider"]


def test_a_worker_without_any_does_not_start(settings) -> None:
    with pytest.raises(StartupRefused, match="this onnxruntime has none of these"):
        chosen_providers(wanting(settings, "NoSuchProvider"))


def test_cuda_that_is_installed_but_cannot_run_is_said_for_each_model(
    settings, monkeypatch
) -> None:
    """As where the driver is too old: onnxruntime goes on with the next provider."""
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(
        onnxruntime,
        "InferenceSession",
        lambda data, sess_options, providers: real(data, sess_options, providers[1:]),
    )
    sessions = Sessions(Registry.load([BUNDLED_MODELS_DIR]), wanting(settings, CUDA, CPU))
    with capture_logs() as logged:
        sessions.get("wine", "1")
    (said,) = logged
    assert (said["event"], said["wanted"], said["used"]) == ("provider_fell_back", CUDA, CPU)
