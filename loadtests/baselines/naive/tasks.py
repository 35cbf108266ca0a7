"""The naive build's Celery half: `chain(preprocess, predict)`, JSON, Redis for everything."""

import os
import uuid
from typing import Any

import numpy as np
from celery import Celery, chain
from celery.result import AsyncResult

from loadtests.baselines.naive import rows
from loadtests.baselines.naive.models import load

app = Celery("naive", broker=os.environ["NAIVE_REDIS_URL"], backend=os.environ["NAIVE_REDIS_URL"])


DTYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


@app.task
def preprocess(model: str, input: Any) -> dict[str, Any]:
    processor, _ = load(model)
    return {name: tensor.tolist() for name, tensor in processor.preprocess(input).items()}


@app.task(bind=True)
def predict(self: Any, tensors: dict[str, Any], model: str) -> Any:
    processor, session = load(model)
    feeds = {
        one.name: np.array(tensors[one.name], DTYPES[one.type]) for one in session.get_inputs()
    }
    names = [one.name for one in session.get_outputs()]
    output = processor.postprocess(dict(zip(names, session.run(names, feeds), strict=True)))
    rows.finish(self.request.id, output)
    return output


def submit(model: str, input: Any) -> str:
    """The id of the job, which is that of the chain's last task."""
    job_id = str(uuid.uuid4())
    rows.begin(job_id, model, input)
    chain(preprocess.s(model, input), predict.s(model)).apply_async(task_id=job_id)
    return job_id


def look(job_id: str) -> AsyncResult[Any]:
    return app.AsyncResult(job_id)
