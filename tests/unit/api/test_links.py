import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from shared.settings import Settings

PUBLIC = "https://ml.example/queue"
API = f"{PUBLIC}/api/v1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": f"{PUBLIC}/"})


@pytest.fixture
def client(container: Any, registry: Any) -> Any:
    """Behind a proxy that takes `/queue` away."""
    with TestClient(create_app(container, registry), base_url="http://10.0.0.7:8000") as client:
        yield client


def links(part: Any) -> set[str]:
    """All URLs in an answer."""
    if isinstance(part, dict):
        return set().union(*map(links, part.values()))
    if isinstance(part, list):
        return set().union(*map(links, part))
    return {part} if re.match("https?://", str(part)) else set()


def inside(url: str) -> str:
    return url.removeprefix(PUBLIC)


@pytest.mark.parametrize("path", ["/", "/api/v1/models", "/api/v1/models/wine"])
def test_links_lead_through_the_proxy(client: TestClient, path: str) -> None:
    found = links(client.get(path).json()) - {"https://json-schema.org/draft/2020-12/schema"}
    assert found
    assert {url for url in found if not url.startswith(f"{PUBLIC}/")} == set()


def test_links_of_a_prediction_lead_through_the_proxy(client: TestClient, submission: Any) -> None:
    answer = client.post("/api/v1/predictions", json=submission)
    prediction = answer.json()
    assert answer.headers["Location"] == f"{API}/predictions/{prediction['id']}"
    assert all(url.startswith(f"{API}/predictions/") for url in prediction["urls"].values())
    assert client.get(inside(prediction["urls"]["get"])).json()["id"] == prediction["id"]


def test_pages_lead_through_the_proxy(client: TestClient, submission: Any) -> None:
    for _ in range(2):
        client.post("/api/v1/predictions", json=submission)
        client.post("/api/v1/files", files={"content": ("a", b"x")})
    for noun in ("predictions", "files", "models"):
        following = client.get(f"/api/v1/{noun}?limit=1").json()["next"]
        assert following.startswith(f"{API}/{noun}?")
        assert client.get(inside(following)).status_code == 200


def test_the_commands_of_the_docs_page_lead_through_the_proxy(client: TestClient) -> None:
    page = client.get("/docs").text
    assert f"{API}/predictions" in page
    assert "10.0.0.7" not in page
    assert not re.findall(r'href="/', page)  # would leave the proxy's path


@pytest.mark.parametrize("url", ["ml.example", "ftp://ml.example", "https://a/?b", "https://a b"])
def test_a_public_url_that_is_none_is_refused(settings: Settings, url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(redis_url=settings.redis_url, data_dir=settings.data_dir, public_url=url)
