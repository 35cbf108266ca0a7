"""Replicate's coming client, still a pre-release, against a running system: `checks.py URL`."""

import asyncio
import json
import os
import sys
from pathlib import Path

MODELS = Path(__file__).parents[3] / "models"
DIGIT = MODELS / "digits" / "samples" / "0003-label-3.png"
WINE = json.loads((MODELS / "wine" / "samples" / "samples.json").read_text())[0]["input"]


def check_run_and_create(client):
    for reference in ("queuecast/wine", "queuecast/wine:wine:1"):
        assert client.run(reference, input=WINE)["label"] == "barbera"
    for version in ("wine:1", "queuecast/wine:1", "queuecast/wine"):
        made = client.predictions.create(version=version, input=WINE)
        assert client.predictions.wait(made.id).status == "succeeded"
        assert client.predictions.cancel(prediction_id=made.id).status == "succeeded"


def check_lists(client):
    assert {model.name for model in client.models.list()} >= {"digits", "wine"}
    for _ in range(21):
        client.predictions.create(version="wine:1", input=WINE)
    found = [one.id for _, one in zip(range(25), client.predictions.list(), strict=False)]
    assert len(set(found)) > 20


def check_files(client):
    file = client.files.create(
        content=DIGIT.read_bytes(), filename="three.png", type="image/png", metadata={"a": "b"}
    )
    assert (file.content_type, file.metadata) == ("image/png", {"a": "b"})
    assert client.files.get(file_id=file.id).name == "three.png"
    assert client.run("queuecast/digits", input={"image": file.urls.get})["label"] == 3
    client.files.delete(file_id=file.id)
    assert client.run("queuecast/digits", input={"image": DIGIT})["label"] == 3


def check_use(_client):
    import replicate

    assert replicate.use("queuecast/wine")(**WINE)["label"] == "barbera"
    assert replicate.use("queuecast/wine:wine:1").create(**WINE).output()["label"] == "barbera"
    assert replicate.use("queuecast/digits")(image=DIGIT)["label"] == 3


async def check_async(_client):
    from replicate import AsyncReplicate

    async with AsyncReplicate() as client:
        assert (await client.run("queuecast/wine", input=WINE))["label"] == "barbera"


def main(url):
    # Its function `use` takes the address from nowhere else; there has to be some key.
    os.environ |= {"REPLICATE_BASE_URL": f"{url}/api/v1", "REPLICATE_API_TOKEN": "none"}
    from replicate import Replicate

    with Replicate(max_retries=0) as client:
        for name, check in list(globals().items()):
            if name.startswith("check_"):
                sys.stdout.write(f"{name}\n")
                result = check(client)
                if result is not None:
                    asyncio.run(result)


if __name__ == "__main__":
    main(sys.argv[1])
