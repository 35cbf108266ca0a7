from typing import Any

import pytest
from starlette.testclient import TestClient

MODELS = "/api/v1/models"


def test_models_are_listed_with_their_schemas(client: TestClient) -> None:
    page = client.get(MODELS).json()
    wine = next(one for one in page["results"] if one["name"] == "wine")
    assert (page["next"], page["previous"]) == (None, None)
    assert (wine["owner"], wine["default_version"]) == ("queuecast", "wine:1")
    assert "alcohol" in wine["input_schema"]["properties"]
    assert "label" in wine["output_schema"]["properties"]


def test_models_come_in_pages(client: TestClient, registry: Any) -> None:
    seen, url = [], f"{MODELS}?limit=1"
    while url:
        page = client.get(url).json()
        seen += [one["name"] for one in page["results"]]
        url = page["next"]
    assert seen == sorted(registry.models)


@pytest.mark.parametrize("path", ["digits", "queuecast/digits"])
def test_model_is_found_with_and_without_its_owner(client: TestClient, path: str) -> None:
    model = client.get(f"{MODELS}/{path}").json()
    assert model["aliases"] == {"champion": "digits:2"}
    assert [one["id"] for one in model["versions"]] == ["digits:1", "digits:2"]


@pytest.mark.parametrize("owner", ["", "queuecast/"])
def test_versions_are_listed(client: TestClient, owner: str) -> None:
    page = client.get(f"{MODELS}/{owner}digits/versions").json()
    assert [one["is_default"] for one in page["results"]] == [False, True]


def test_version_is_found_by_all_its_names(client: TestClient, registry: Any) -> None:
    digest = registry.models["digits"].versions["2"].digest
    for name in ("2", "digits:2", "champion", digest):
        version = client.get(f"{MODELS}/digits/versions/{name}").json()
        assert (version["id"], version["aliases"]) == ("digits:2", ["champion"])
        assert version["input_schema"]["properties"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("burgundy", 404, "model-not-found"),
        ("BURGUNDY", 422, "invalid-model-name"),
        ("wine/versions/9", 404, "version-not-found"),
        ("alice/wine", 404, "not-found"),
        ("wine?limit=3", 422, "invalid-parameter"),
    ],
)
def test_what_is_not_there(client: TestClient, path: str, status: int, kind: str) -> None:
    answer = client.get(f"{MODELS}/{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
