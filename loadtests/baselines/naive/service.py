"""The naive build's HTTP half: `uvicorn loadtests.baselines.naive.service:app`."""

from typing import Annotated, Any

from fastapi import Body, FastAPI

from loadtests.baselines.naive import rows, tasks

rows.create()
app = FastAPI()


@app.post("/predictions/{model}", status_code=202)
def submit(model: str, input: Annotated[Any, Body()]) -> dict[str, Any]:
    return {"id": tasks.submit(model, input), "status": "PENDING"}


@app.get("/predictions/{id}")
def read(id: str) -> dict[str, Any]:
    result = tasks.look(id)
    status = result.status
    return {"id": id, "status": status, "output": result.get() if status == "SUCCESS" else None}
