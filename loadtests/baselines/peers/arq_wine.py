"""The wine model behind arq: a FastAPI front, and a worker process per core.

Its defaults, a look at the queue every 0.5 s and ten jobs at a time, are set for longer jobs.

    uvicorn loadtests.baselines.peers.arq_wine:app
    arq loadtests.baselines.peers.arq_wine.WorkerSettings
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus
from fastapi import Body, FastAPI

from loadtests.baselines.peers.wine import Wine

REDIS = RedisSettings(unix_socket_path=os.environ["ARQ_REDIS_SOCKET"])


async def startup(context: dict[str, Any]) -> None:
    context["wine"] = Wine()


async def preprocess_and_predict(context: dict[str, Any], input: dict[str, float]) -> Any:
    return context["wine"].predict([input])[0]


class WorkerSettings:
    functions = [preprocess_and_predict]  # noqa: RUF012 - arq reads it as it stands
    on_startup = startup
    redis_settings = REDIS
    poll_delay = 0.01
    max_jobs = 100


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.queue = await create_pool(REDIS)
    yield
    await app.state.queue.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/predictions", status_code=202)
async def submit(input: Annotated[dict[str, float], Body()]) -> dict[str, str]:
    job = await app.state.queue.enqueue_job("preprocess_and_predict", input)
    return {"id": job.job_id, "status": "pending"}


@app.get("/predictions/{id}")
async def read(id: str) -> dict[str, Any]:
    job = Job(id, app.state.queue)
    if await job.status() is not JobStatus.complete:
        return {"id": id, "status": "pending", "output": None}
    return {"id": id, "status": "complete", "output": await job.result()}
