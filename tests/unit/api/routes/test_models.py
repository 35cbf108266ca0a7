import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app

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


def test_a_version_has_its_schemas_where_cog_has_them(client: TestClient) -> None:
    """Every reference leads to one of them, and no further: Replicate's client follows no other."""
    version = client.get(f"{MODELS}/queuecast/wine/versions/1").json()
    schemas = version["openapi_schema"]["components"]["schemas"]
    assert schemas["Input"]["properties"].keys() == version["input_schema"]["properties"].keys()
    found = re.findall(r'"\$ref": "([^"]*)"', json.dumps(schemas))
    assert found
    assert set(found) <= {f"#/components/schemas/{name}" for name in schemas}


def test_a_model_has_what_replicates_client_reads_none_without(client: TestClient) -> None:
    model = client.get(f"{MODELS}/digits").json()
    assert model["latest_version"]["id"] == model["default_version"] == "digits:2"
    assert (model["visibility"], model["run_count"]) == ("private", 0)
    assert model["url"] == model["urls"]["get"]


def test_another_owner_may_be_configured(container: Any, registry: Any, wine: Any) -> None:
    named = container.settings.model_copy(update={"model_owner": "Acme"})
    object.__setattr__(container, "settings", named)
    with TestClient(create_app(container, registry)) as client:
        assert client.get(f"{MODELS}/Acme/wine").json()["owner"] == "Acme"
        assert client.get(f"{MODELS}/queuecast/wine").status_code == 404
        for body in (
            {"model": "Acme/wine:1"},
            {"version": "Acme/wine:1"},
            {"version": "Acme/wine"},
        ):
            answer = client.post("/api/v1/predictions", json=body | {"input": wine})
            assert (answer.status_code, answer.json()["version"]) == (202, "wine:1")
        foreign = {"model": "queuecast/wine", "input": wine}
        refused = client.post("/api/v1/predictions", json=foreign)
        assert refused.json()["type"] == "/problems/invalid-model-name"
