"""The pages as a browser asks for them."""

import re
from typing import Any

import pytest

from shared.db.engine import writing
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End

PAGE = {"Accept": "text/html,*/*;q=0.8"}
PATHS = ["/", "/?model=wine", "/jobs", "/overview", "/models", "/models/digits", "/models/tensors"]


def asked(client: Any, path: str) -> str:
    answer = client.get(path, headers=PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    text: str = answer.text
    return text


@pytest.mark.parametrize("path", PATHS)
def test_a_page_runs_only_what_is_ours(client: Any, path: str) -> None:
    policy = client.get(path, headers=PAGE).headers["content-security-policy"]
    assert "unsafe" not in policy and policy.startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in policy
    text = asked(client, path)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|hx-on|javascript:", text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)


@pytest.mark.parametrize("path", PATHS)
def test_what_a_page_loads_is_there_and_kept(client: Any, path: str) -> None:
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', asked(client, path))
    assert len(loaded) >= 5
    for url in loaded:
        answer = client.get(url)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_may_change_under_its_name_is_asked_for_anew(client: Any) -> None:
    assert client.get("/static/page.js").headers["cache-control"] == "no-cache"
    assert client.get("/static/../frame.py").status_code == 404
    assert client.get("/static/nothing.js").status_code == 404


def test_what_a_client_sent_is_text_on_the_page(client: Any, submission: Any) -> None:
    mark = "<script>alert(1)</script>"
    sent = submission | {"metadata": {mark: mark}}
    job = client.post("/api/v1/predictions", json=sent).json()["id"]
    text = asked(client, f"/jobs/{job}")
    assert mark not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_list_is_that_of_the_api(client: Any, submission: Any) -> None:
    ids = [client.post("/api/v1/predictions", json=submission).json()["id"] for _ in range(21)]
    first = asked(client, "/jobs?status=&model=wine")
    assert f'href="/jobs/{ids[-1]}"' in first
    assert f'href="/jobs/{ids[0]}"' not in first
    [older] = re.findall(r'href="(/jobs\?[^"]*cursor[^"]*)">Older', first)
    assert f'href="/jobs/{ids[0]}"' in asked(client, older.replace("&amp;", "&"))
    assert "No jobs here" in asked(client, "/jobs?model=digits&created_after=2026-01-01T00:00")


def test_jobs_are_found_by_their_metadata(client: Any, submission: Any) -> None:
    mine = [
        client.post("/api/v1/predictions", json=submission | {"metadata": {"a.b": "x=<1>"}}).json()
        for _ in range(21)
    ]
    other = client.post("/api/v1/predictions", json=submission).json()["id"]
    page = asked(client, "/jobs?status=&metadata=a.b%3Dx%3D%3C1%3E")
    assert f'href="/jobs/{mine[-1]["id"]}"' in page and other not in page
    [older] = re.findall(r'href="(/jobs\?[^"]*cursor[^"]*)">Older', page)
    behind = asked(client, older.replace("&amp;", "&"))
    assert f'href="/jobs/{mine[0]["id"]}"' in behind and other not in behind
    assert 'value="a.b=x=&lt;1&gt;"' in page and 'value="a.b=x=&lt;1&gt;"' in behind
    assert f'href="/jobs/{other}"' in asked(client, "/jobs?metadata=")


def test_an_id_leads_to_its_job(client: Any) -> None:
    answer = client.get("/jobs?id=x", headers=PAGE, follow_redirects=False)
    assert answer.headers["location"] == "jobs/x"


@pytest.mark.parametrize(
    "path", ["/jobs/x", "/models/none", "/jobs?status=wrong", "/jobs?metadata=order"]
)
def test_an_error_of_a_page_is_a_page(client: Any, path: str) -> None:
    answer = client.get(path, headers=PAGE)
    assert answer.status_code in (404, 422)
    assert '<p class="status">4' in answer.text
    assert client.get(path).headers["content-type"] == "application/problem+json"


def test_a_client_of_the_api_is_told_where_things_are(client: Any) -> None:
    assert client.get("/").json()["status"] == "alive"


def test_behind_a_proxy_all_links_have_its_path(with_settings: Any) -> None:
    _, client = with_settings(public_url="https://example.org/queue/")
    text = client.get("/jobs", headers=PAGE).text
    links = re.findall(r'(?:src|href|action|hx-get)="([^"]*)"', text)
    assert [link for link in links if link != "#main" and not link.startswith("/queue/")] == []


@pytest.mark.parametrize("path", ["/webhooks", "/dead-letters", "/prediction-log"])
def test_an_empty_page_says_so(client: Any, path: str) -> None:
    assert re.search("None:|No dead letters|No rows here", asked(client, path))


def test_a_dead_letter_can_be_sent_again_or_removed(
    client: Any, submission: Any, container: Any
) -> None:
    job = client.post("/api/v1/predictions", json=submission).json()["id"]
    end = End(job, None, Outcome(State.FAILED, error="lost", error_code="worker_lost"))
    with writing(container.engine) as connection:
        lifecycle.finish(connection, [end], container.clock.now())
    text = asked(client, "/dead-letters?code=worker_lost&model=")
    assert f'data-call="POST /api/v1/dead-letters/{job}/retry"' in text
    assert 'data-call="POST /api/v1/dead-letters/retry?code=worker_lost"' in text
    assert re.search(f'data-call="DELETE /api/v1/dead-letters/{job}" data-ask="Remove ', text)
    log = asked(client, "/prediction-log?status=failed&completed_after=2026-01-01T00:00")
    assert f'href="/jobs/{job}"' in log


def test_webhooks_of_the_newest_jobs_are_listed(client: Any, submission: Any) -> None:
    sent = submission | {"webhook": "https://hooks.example.com/x"}
    sent["webhook_events_filter"] = ["start", "completed"]
    client.post("/api/v1/predictions", json=sent)
    assert "Sent of late" in asked(client, "/webhooks")
