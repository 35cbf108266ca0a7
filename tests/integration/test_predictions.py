import asyncio
import json
from pathlib import Path

import httpx2
import numpy as np
import onnxruntime
import pytest
from PIL import Image
from sqlalchemy import select

from models.processors import load_processor
from models.registry import Registry
from queuecast import AsyncClient, Client, PredictionFailed
from shared.db.engine import create_database_engine, reading
from shared.prediction_log.table import log_table
from shared.settings import BUNDLED_MODELS_DIR

SAMPLES = BUNDLED_MODELS_DIR / "digits" / "samples"


def test_real_images_come_back_with_the_right_label(client: Client) -> None:
    samples = json.loads((SAMPLES / "samples.json").read_text())
    jobs = [client.submit("digits", {"image": SAMPLES / each["file"]}) for each in samples]
    labels = [client.wait(job, timeout_seconds=30).output["label"] for job in jobs]
    right = sum(label == each["truth"] for label, each in zip(labels, samples, strict=True))
    assert right / len(samples) >= 0.97


def test_both_versions_of_a_model_answer(client: Client) -> None:
    image = {"image": SAMPLES / json.loads((SAMPLES / "samples.json").read_text())[0]["file"]}
    for reference in ("digits:1", "digits:2", "digits@champion"):
        assert "label" in client.predict(reference, image, timeout_seconds=30)


def test_600_inputs_over_32_connections_equal_the_direct_run(system) -> None:
    model, version = Registry.load([BUNDLED_MODELS_DIR]).resolve("wine")
    inputs = [model.example | {"alcohol": 11 + number / 200} for number in range(600)]

    async def ask() -> list[dict[str, dict[str, float]]]:
        async with AsyncClient(system.state["api_url"], timeout_seconds=60) as client:
            turn = asyncio.Semaphore(32)

            async def one(input: dict[str, float]) -> dict[str, dict[str, float]]:
                async with turn:
                    return await client.predict("wine", input, timeout_seconds=60)

            return await asyncio.gather(*map(one, inputs))

    processor = load_processor(model, version)
    session = onnxruntime.InferenceSession(version.path)
    rows = np.concatenate([processor.preprocess(each)["measurements"] for each in inputs])
    (direct,) = session.run(None, {"measurements": rows})
    answers = [list(each["probabilities"].values()) for each in asyncio.run(ask())]
    np.testing.assert_allclose(answers, direct, atol=1e-6)


def test_a_model_without_python_takes_tensors(client: Client) -> None:
    assert client.predict("affine", {"x": [[1.0], [2.0]]}, timeout_seconds=30) == {
        "y": [[4.0], [7.0]]
    }


def test_an_image_may_be_uploaded(system) -> None:
    url = f"{system.state['api_url']}/api/v1/models/digits/predictions"
    sample = json.loads((SAMPLES / "samples.json").read_text())[0]
    with (SAMPLES / sample["file"]).open("rb") as file:
        image = {"image": ("digit.png", file, "image/png")}
        answer = httpx2.post(url, files=image, headers={"cache-control": "no-cache"})
    assert answer.status_code == 202
    done = httpx2.get(answer.json()["urls"]["get"], params={"wait": 30}, timeout=40).json()
    assert done["output"]["label"] == sample["truth"]


def test_one_bad_job_of_many_fails_alone(client: Client) -> None:
    deeds = ["nothing"] * 7 + ["raise"] + ["nothing"] * 8
    jobs = [
        client.submit("fragile", {"x": float(n), "predict": deed}) for n, deed in enumerate(deeds)
    ]
    done = [client.wait(job, timeout_seconds=30) for job in jobs]
    assert [one.status for one in done].count("failed") == 1
    assert done[7].error_code == "postprocess_failed"
    assert [one.output["y"] for one in done if one.succeeded] == [
        2.0 * n for n in range(16) if n != 7
    ]


@pytest.mark.parametrize(
    ("input", "code"),
    [
        ({"x": 1.0, "preprocess": "raise"}, "preprocess_failed"),
        ({"x": 1.0, "predict": "raise"}, "postprocess_failed"),
        ({"x": 1.0, "predict": "nan"}, "non_finite_output"),
    ],
)
def test_a_job_that_fails_says_why(client: Client, input: dict[str, object], code: str) -> None:
    with pytest.raises(PredictionFailed) as failure:
        client.predict("fragile", input, timeout_seconds=30)
    assert failure.value.prediction.error_code == code


def test_an_input_too_large_for_sql_goes_through_the_blob_store(
    client: Client, tmp_path: Path
) -> None:
    sample = json.loads((SAMPLES / "samples.json").read_text())[0]
    with Image.open(SAMPLES / sample["file"]) as image:
        image.resize((300, 300)).save(tmp_path / "large.png", compress_level=0)
    job = client.submit("digits", {"image": tmp_path / "large.png"})
    assert job.input is None
    assert client.wait(job, timeout_seconds=30).output["label"] == sample["truth"]


def test_an_output_too_large_for_sql_goes_through_the_blob_store(system, client: Client) -> None:
    job = client.submit("fragile", {"x": 1.0, "padding": 200 << 10})
    done = client.wait(job, timeout_seconds=30)
    assert (done.output["y"], len(done.output["padding"])) == (2.0, 200 << 10)
    told = httpx2.get(job.urls["get"]).json()
    assert (told["status"], told["output"]) == ("succeeded", None)
    assert httpx2.get(told["urls"]["output"]).json() == done.output
    blobs = Path(system.state["data_dir"]) / "blobs" / "outputs"
    assert [path.stat().st_size > 200 << 10 for path in blobs.glob(f"{job.id}*")] == [True]


def test_a_job_past_its_deadline_does_not_run(client: Client) -> None:
    blocker = client.submit("fragile", {"x": 1.0, "preprocess": "sleep", "seconds": 1.5})
    late = client.submit("fragile", {"x": 2.0}, deadline_seconds=0.2)
    assert client.wait(late, timeout_seconds=30).error_code == "deadline_exceeded"
    assert client.wait(blocker, timeout_seconds=30).succeeded


def test_the_same_id_again_is_the_same_job(client: Client) -> None:
    first = client.submit("affine", {"x": [[1.0]]})
    again = client.submit("affine", {"x": [[1.0]]}, id=first.id)
    assert again.id == first.id
    assert client.wait(first, timeout_seconds=30).attempts == 1


def test_every_finished_job_has_its_log_row(system, client: Client) -> None:
    job = client.submit("affine", {"x": [[5.0]]}, metadata={"who": "a test"})
    done = client.wait(job, timeout_seconds=30)
    engine = create_database_engine(system.state["database_url"])
    with reading(engine) as connection:
        statement = select(log_table).where(log_table.c.job_id == job.id)
        row = connection.execute(statement).mappings().one()
    engine.dispose()
    assert (row["status"], json.loads(row["output"])) == ("succeeded", done.output)
    assert (row["batch_size"], done.metadata) == (done.metrics.batch_size, {"who": "a test"})


def test_a_model_with_a_wrong_hash_is_refused_and_the_others_serve(system, client: Client) -> None:
    health = httpx2.get(f"{system.state['api_url']}/health/system").json()
    (refused,) = health["models"]["refused"]
    assert refused["name"] == "tampered"
    assert "tampered" not in {model.name for model in client.models()}


def test_the_system_tells_that_it_is_whole(system) -> None:
    url = system.state["api_url"]
    assert httpx2.get(f"{url}/health/live").status_code == 200
    assert httpx2.get(f"{url}/health/ready").status_code == 200
    assert httpx2.get(f"{url}/health/system").json()["status"] == "ok"
    assert "queuecast_jobs_finished_total" in httpx2.get(f"{url}/metrics").text
    assert Path(system.state["data_dir"]).is_dir()
