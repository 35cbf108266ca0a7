"""Replicate's client against a running system: `checks.py URL`.

What holds for the synchronous client is asked of the asynchronous one too, where it has a call of
its own. `digits`, `wine` and `fragile` are served.
"""

import asyncio
import io
import itertools
import json
import sys
from pathlib import Path

import replicate
from replicate.exceptions import ModelError, ReplicateError
from replicate.pagination import paginate

MODELS = Path(__file__).parents[3] / "models"
DIGIT = MODELS / "digits" / "samples" / "0003-label-3.png"
WINE = json.loads((MODELS / "wine" / "samples" / "samples.json").read_text())[0]["input"]

numbers = itertools.count()


def another_wine():
    """Never predicted before, so that it is under way for a while."""
    return WINE | {"alcohol": 11 + next(numbers) / 1000}


def check_run(client):
    model = client.models.get("queuecast/wine")
    version = model.latest_version
    for reference in ("queuecast/wine", f"queuecast/wine:{version.id}", version, model):
        assert client.run(reference, input=WINE)["label"] == "barbera", reference
    polled = client.run("queuecast/wine", input=another_wine(), wait=False)
    assert set(polled) == {"label", "probabilities"}


def check_a_bare_version_is_told_the_forms_that_name_a_model(client):
    # The client sends nothing but the number: which model is meant does not reach the server.
    error = refusal(lambda: client.run("queuecast/wine:1", input=WINE))
    assert error.status == 422
    assert "name:version" in error.detail


def check_create(client):
    for made in (
        client.predictions.create(model="queuecast/wine", input=another_wine()),
        client.models.predictions.create(("queuecast", "wine"), another_wine()),
        client.predictions.create(version="wine:1", input=another_wine(), stream=True),
    ):
        made.wait()
        assert (made.status, made.version) == ("succeeded", "wine:1")
        assert made.metrics["batch_size"] >= 1
        assert client.predictions.get(made.id).output == made.output
    waited = client.predictions.create("wine:1", another_wine(), wait=30)
    assert waited.status == "succeeded"


def check_reload_and_cancel(client):
    prediction = client.predictions.create(version="wine:1", input=another_wine())
    prediction.cancel()
    assert prediction.status in ("canceled", "succeeded")
    ended = prediction.status
    prediction.reload()
    assert prediction.status == ended


def check_list(client):
    for _ in range(21):
        client.predictions.create(version="wine:1", input=WINE)
    first, second = itertools.islice(paginate(client.predictions.list), 2)
    assert not {one.id for one in first} & {one.id for one in second}
    assert client.predictions.list(second.previous).results == first.results


def check_models(client):
    assert "queuecast/digits" in [model.id for model in client.models.list()]
    model = client.models.get("queuecast", "digits")
    assert [version.id for version in model.versions.list()] == ["digits:1", "digits:2"]
    version = model.versions.get("digits:1")
    assert set(version.openapi_schema["components"]["schemas"]) >= {"Input", "Output"}


def check_stream(client):
    events = list(client.stream("queuecast/wine", input=another_wine()))
    assert [event.event.value for event in events] == ["output", "done"]
    assert '"label"' in str(events[0])


def check_files(client):
    file = client.files.create(DIGIT, metadata={"customer": 7})
    assert (file.name, file.content_type, file.size) == (
        DIGIT.name, "image/png", DIGIT.stat().st_size,
    )  # fmt: skip
    assert file.metadata == {"customer": 7}
    assert client.files.get(file.id) == file
    assert file in client.files.list()
    assert client.run("queuecast/digits", input={"image": file.urls["get"]})["label"] == 3
    assert client.files.delete(file.id) is True
    assert refusal(lambda: client.files.get(file.id)).status == 404
    gone = refusal(lambda: client.run("queuecast/digits", input={"image": file.urls["get"]}))
    assert gone.status == 422


def check_local_files_are_uploaded(client):
    with DIGIT.open("rb") as handle:
        for image in (handle, DIGIT, io.BytesIO(DIGIT.read_bytes())):
            assert client.run("queuecast/digits", input={"image": image})["label"] == 3
    inline = {"file_encoding_strategy": "base64"}
    assert client.run("queuecast/digits", input={"image": DIGIT}, **inline)["label"] == 3


def check_a_large_output_stands_at_a_url(client):
    large = {"x": 1.0, "padding": 100_000}
    assert client.run("queuecast/fragile", input=large) is None
    prediction = client.predictions.create("fragile:1", large, wait=30)
    assert (prediction.status, prediction.output) == ("succeeded", None)
    whole = client._client.get(prediction.urls["output"]).json()
    assert whole == {"y": 2.0, "padding": "x" * 100_000}


def check_refusals(client):
    error = refusal(lambda: client.run("queuecast/wine", input=WINE | {"hue": "red"}))
    assert (error.status, error.title) == (422, "The input is not valid")
    for reference in ("queuecast/burgundy", "alice/wine"):
        assert refusal(lambda name=reference: client.run(name, input={})).status == 404


def check_a_failure_is_told(client):
    try:
        client.run("queuecast/fragile", input={"x": 1.0, "predict": "raise"})
    except ModelError as error:
        assert error.prediction.status == "failed"
        assert error.prediction.error
    else:
        raise AssertionError("it did not fail")


async def check_async(client):
    assert (await client.async_run("queuecast/wine", input=WINE))["label"] == "barbera"
    with DIGIT.open("rb") as handle:
        answer = await client.async_run("queuecast/digits", input={"image": handle})
    assert answer["label"] == 3
    prediction = await client.predictions.async_create(version="wine:1", input=another_wine())
    await prediction.async_wait()
    assert prediction.status == "succeeded"
    await prediction.async_cancel()
    assert prediction.status == "succeeded"
    assert (await client.predictions.async_list()).results
    assert (await client.models.async_get("queuecast/wine")).id == "queuecast/wine"
    file = await client.files.async_create(DIGIT)
    assert await client.files.async_delete(file.id)
    events = [event async for event in await client.async_stream("queuecast/wine", input=WINE)]
    assert [event.event.value for event in events] == ["output", "done"]


def refusal(call):
    try:
        call()
    except ReplicateError as error:
        return error
    raise AssertionError("it was not refused")


def main(url):
    client = replicate.Client(base_url=f"{url}/api")
    client.poll_interval = 0.02
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            sys.stdout.write(f"{name}\n")
            result = check(client)
            if result is not None:
                asyncio.run(result)


if __name__ == "__main__":
    main(sys.argv[1])
