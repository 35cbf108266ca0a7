import json
from typing import Any

import httpx2
import numpy as np
import onnxruntime
from sqlalchemy import func, select

from models.processors import load_processor
from models.registry import Registry
from queuecast import Client, Prediction
from shared.db.engine import create_database_engine, reading
from shared.jobs.table import job_table
from shared.settings import BUNDLED_MODELS_DIR

MODEL, VERSION = Registry.load([BUNDLED_MODELS_DIR]).resolve("wine")

BAD = {
    "invalid-input": b'{"alcohol": "much"}',
    "malformed-json": b'{"alcohol": NaN}',
    "duplicate-key": b'{"alcohol": 1, "alcohol": 2}',
    "input-too-large": b'"' + b"x" * 5000 + b'"',
    "json-too-deep": b"[" * 40 + b"]" * 40,
}


def good(number: int) -> dict[str, Any]:
    return MODEL.example | {"alcohol": 11 + number / 1000}


def directly(inputs: list[dict[str, Any]]) -> Any:
    """The probabilities as the model gives them without a queue."""
    processor = load_processor(MODEL, VERSION)
    rows = np.concatenate([processor.preprocess(each)["measurements"] for each in inputs])
    return onnxruntime.InferenceSession(VERSION.path).run(None, {"measurements": rows})[0]


def test_of_a_thousand_inputs_the_good_succeed_and_the_bad_say_why(system, client: Client) -> None:
    kinds = list(BAD)
    wanted = [None if number % 7 else kinds[number % len(kinds)] for number in range(1000)]
    inputs = [
        BAD[kind] if kind else json.dumps(good(number)).encode()
        for number, kind in enumerate(wanted)
    ]
    body = b'{"model":"wine","inputs":[%b],"metadata":{"bulk":"mixed"}}' % b",".join(inputs)
    url = f"{system.state['api_url']}/api/v1/predictions/bulk"
    headers = {"content-type": "application/json"}
    told = httpx2.post(url, content=body, headers=headers, timeout=60).json()
    refused = [one.get("problem", {}).get("type") for one in told["results"]]
    assert refused == [kind and f"/problems/{kind}" for kind in wanted]
    jobs = [one["prediction"]["id"] for one in told["results"] if "prediction" in one]
    done = [client.wait(job, timeout_seconds=60) for job in jobs]
    assert {one.status for one in done} == {"succeeded"}
    answers = [list(one.output["probabilities"].values()) for one in done]
    sent = [good(number) for number, kind in enumerate(wanted) if kind is None]
    np.testing.assert_allclose(answers, directly(sent), atol=1e-6)


def test_the_client_hands_in_more_than_a_request_takes(system, client: Client) -> None:
    outcomes = client.submit_many("affine", ({"x": [[float(n)]]} for n in range(1200)))
    assert all(isinstance(one, Prediction) for one in outcomes)
    last = client.wait(outcomes[-1], timeout_seconds=60)
    assert last.output == {"y": [[3.0 * 1199 + 1.0]]}


def test_a_bulk_that_is_sent_again_makes_no_other_jobs(system, client: Client) -> None:
    url = f"{system.state['api_url']}/api/v1/predictions/bulk"
    body = {"model": "wine", "inputs": [good(1), good(2), {}], "metadata": {"bulk": "again"}}
    answers = [
        httpx2.post(url, json=body, headers={"idempotency-key": "again"}).json() for _ in range(2)
    ]
    ids = [[one.get("prediction", {}).get("id") for one in each["results"]] for each in answers]
    assert ids[0] == ids[1]
    engine = create_database_engine(system.state["database_url"])
    with reading(engine) as connection:
        same = job_table.c.request_metadata == b'{"bulk":"again"}'
        count = connection.execute(select(func.count()).where(same)).scalar_one()
    engine.dispose()
    assert count == 2


def test_a_body_above_the_bound_is_refused_while_it_is_sent(system) -> None:
    url = f"{system.state['api_url']}/api/v1/predictions/bulk"
    headers = {"content-type": "application/json"}
    answer = httpx2.post(url, content=b" " * (17 << 20), headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
