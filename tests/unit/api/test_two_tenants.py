"""Two tenants and every route: nothing of the one is visible to the other.

A new route must be tried too: say in `WAYS` how.
"""

import re
from typing import Any, NamedTuple

import pytest
from cryptography.fernet import Fernet

from shared.db.engine import writing
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle
from shared.jobs.lifecycle import End
from shared.settings import BUNDLED_MODELS_DIR
from shared.webhooks import endpoints

PICTURE = (BUNDLED_MODELS_DIR / "digits/samples/0003-label-3.png").read_bytes()
MARK = "only-acme-knows-this"

FOREIGN = "an id of the other's is answered as one that is nobody's"
LIST = "a list of one's own"
SAME = "everybody is answered the same"
REFUSED = "everybody is refused the same"
INFER = "jobs of one's own, whatever the other has sent"
SUBMIT = "another job, whatever the other has sent"
UPLOAD = "a file of one's own, though the other has the same"
FORM = "whose key it is given decides, as test_sign_in.py shows"
TEST = "a delivery of one's own"
ONE_MODEL = "a list of one's own, of a model"
SAID = "what is said of an id of the other's is answered as of one that is nobody's"
TELL = "of the other's predictions nothing can be said among many either"
PUT = "an id that is taken is refused as one's own would be"

WAYS = {
    "GET /api/v1/predictions": LIST,
    "POST /api/v1/predictions": SUBMIT,
    "POST /api/v1/models/{name}/predictions": SUBMIT,
    "POST /api/v1/models/queuecast/{name}/predictions": SUBMIT,
    "POST /api/v1/predictions/bulk": SUBMIT,
    "PUT /api/v1/predictions/{id}": PUT,
    "GET /api/v1/predictions/{id}": FOREIGN,
    "POST /api/v1/predictions/{id}/cancel": FOREIGN,
    "GET /api/v1/predictions/{id}/input": FOREIGN,
    "GET /api/v1/predictions/{id}/output": FOREIGN,
    "GET /api/v1/predictions/{id}/stream": FOREIGN,
    "GET /api/v1/files": LIST,
    "POST /api/v1/files": UPLOAD,
    "GET /api/v1/files/{id}": FOREIGN,
    "GET /api/v1/files/{id}/content": FOREIGN,
    "DELETE /api/v1/files/{id}": FOREIGN,
    "GET /api/v1/predictions/{id}/deliveries": FOREIGN,
    "GET /api/v1/deliveries/{id}": FOREIGN,
    "POST /api/v1/deliveries/{id}/replay": FOREIGN,
    "GET /api/v1/webhooks/endpoints": LIST,
    "POST /api/v1/webhooks/endpoints/{id}/enable": FOREIGN,
    "GET /api/v1/webhooks/default/secret": LIST,
    "POST /api/v1/webhooks/default/secret/rotate": LIST,
    "POST /api/v1/webhooks/default/test": TEST,
    "GET /api/v1/dead-letters": LIST,
    "POST /api/v1/dead-letters/retry": LIST,
    "DELETE /api/v1/dead-letters": LIST,
    "GET /api/v1/dead-letters/{id}": FOREIGN,
    "POST /api/v1/dead-letters/{id}/retry": FOREIGN,
    "DELETE /api/v1/dead-letters/{id}": FOREIGN,
    "GET /api/v1/models": SAME,
    "GET /api/v1/models/{name}": SAME,
    "GET /api/v1/models/{name}/versions": SAME,
    "GET /api/v1/models/{name}/versions/{id}": SAME,
    "GET /api/v1/models/queuecast/{name}": SAME,
    "GET /api/v1/models/queuecast/{name}/versions": SAME,
    "GET /api/v1/models/queuecast/{name}/versions/{id}": SAME,
    "GET /api/v1/prediction-log": LIST,
    "GET /api/v1/prediction-log/distribution": ONE_MODEL,
    "GET /api/v1/prediction-log/export": LIST,
    "POST /api/v1/prediction-log/feedback": TELL,
    "GET /api/v1/prediction-log/{id}": FOREIGN,
    "POST /api/v1/predictions/{id}/feedback": SAID,
    "GET /api/v1/models/{name}/accuracy": SAME,
    "GET /api/v1/models/{name}/accuracy.svg": SAME,
    "GET /v1/models": SAME,
    "GET /v1/models/{name}": SAME,
    "POST /v1/models/{name}:predict": INFER,
    "GET /v2": SAME,
    "GET /v2/health/live": SAME,
    "GET /v2/health/ready": SAME,
    "GET /v2/models/{name}": SAME,
    "GET /v2/models/{name}/ready": SAME,
    "GET /v2/models/{name}/versions/{version}": SAME,
    "GET /v2/models/{name}/versions/{version}/ready": SAME,
    "GET /v2/models/stats": LIST,
    "GET /v2/models/{name}/stats": LIST,
    "GET /v2/models/{name}/versions/{version}/stats": LIST,
    "POST /v2/models/{name}/infer": INFER,
    "POST /v2/models/{name}/versions/{version}/infer": INFER,
    "POST /v2/repository/index": SAME,
    "POST /v2/repository/models/{name}/load": SAME,
    "POST /v2/repository/models/{name}/unload": REFUSED,
    "GET /api/v1/overview": LIST,
    "GET /": SAME,
    "GET /overview": SAME,
    "GET /jobs": LIST,
    "GET /jobs/{id}": FOREIGN,
    "GET /models": SAME,
    "GET /models/{name}": LIST,
    "GET /prediction-log": LIST,
    "GET /webhooks": LIST,
    "GET /dead-letters": LIST,
    "GET /sign-in": SAME,
    "POST /sign-in": FORM,
    "POST /sign-out": SAME,
    "GET /docs": SAME,
    "GET /openapi.json": SAME,
    "GET /metrics": SAME,
    "GET /health/live": SAME,
    "GET /health/ready": SAME,
    "GET /health/system": SAME,
    "GET /problems": SAME,
    "GET /problems/{type}": SAME,
}


class Acme(NamedTuple):
    """What the other tenant has done: one job that runs, one that has ended and of which a webhook
    tells, one file, an endpoint that fails.
    """

    running: str
    ended: str
    file: str
    delivery: str
    endpoint: str
    key: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.running, self.ended, self.file, self.delivery, self.endpoint, self.key, MARK

    def ids(self, path: str) -> tuple[str, ...]:
        """Those that fit a path."""
        others = {"/files/": self.file, "v1/deliveries/": self.delivery, "points/": self.endpoint}
        found = tuple(one for part, one in others.items() if part in path)
        return found or (self.running, self.ended)


@pytest.fixture
def acme(keyed: Any, submission: Any) -> Acme:
    webhook = f"https://hooks.example.com/{MARK}"
    body = submission | {"metadata": {"mark": MARK}, "webhook": webhook}
    keyed.container.settings.secrets_key_file.write_bytes(Fernet.generate_key())
    headers = keyed.headers("acme") | {"Idempotency-Key": "both-use-this"}
    post = keyed.client.post
    running = post("/api/v1/predictions", json=body, headers=headers).json()["id"]
    del headers["Idempotency-Key"]
    ended = post("/api/v1/predictions", json=body, headers=headers).json()["id"]
    with writing(keyed.container.engine) as connection:
        output = f'"{MARK}"'.encode()
        end = End(ended, None, Outcome(State.SUCCEEDED, output=output))
        lifecycle.finish(connection, [end], now := keyed.container.clock.now())
        endpoints.failed(connection, "acme", webhook, now, gone=True)
    seen = keyed.client.get(f"/api/v1/predictions/{ended}/output", headers=headers)
    assert seen.json() == MARK
    file = post("/api/v1/files", files={"content": (MARK, PICTURE)}, headers=headers).json()["id"]
    told = keyed.client.get(f"/api/v1/predictions/{ended}/deliveries", headers=headers).json()
    endpoint = endpoints.endpoint_id("acme", webhook)
    key = keyed.container.secrets.current("acme")
    return Acme(running, ended, file, told["results"][0]["id"], endpoint, key, body, headers)


@pytest.fixture
def other(keyed: Any) -> dict[str, str]:
    return keyed.headers("other", "predict read admin")


def said(answer: Any) -> tuple[int, Any]:
    """Status and body, without what differs with each request."""
    try:
        content = answer.json()
    except ValueError:
        return answer.status_code, answer.text
    if isinstance(content, dict):
        content = {k: v for k, v in content.items() if k not in ("instance", "request_id")}
    return answer.status_code, content


def test_every_route_is_tried(keyed: Any) -> None:
    served = {
        f"{method} {one.path_format}" for one in keyed.client.app.routes for method in one.methods
    }
    assert served - WAYS.keys() == set(), "say in WAYS how two tenants try these routes"
    assert WAYS.keys() - served == set()


def ways(*kinds: str) -> list[tuple[str, str]]:
    """Method and path of the routes that are tried so."""
    return [(way.split()[0], way.split()[1]) for way, kind in WAYS.items() if kind in kinds]


@pytest.mark.parametrize(("method", "path"), ways(FOREIGN))
def test_an_id_of_the_others_is_nobodys(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    def ask(id: str) -> tuple[int, Any]:
        return said(keyed.client.request(method, path.replace("{id}", id), headers=other))

    nobodys = ask("0" * 32 if "/endpoints/" in path else new_job_id())
    assert nobodys[0] == 404
    assert [ask(one) for one in acme.ids(path)] == [nobodys] * len(acme.ids(path))


@pytest.mark.parametrize(("method", "path"), ways(ONE_MODEL))
def test_of_a_model_too_one_sees_ones_own_alone(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    answers = [
        keyed.client.request(method, f"{path}?model=wine", headers=headers).json()
        for headers in (acme.headers, other)
    ]
    assert [one["looked_at"] for one in answers] == [1, 0]


@pytest.mark.parametrize(("method", "path"), ways(SAID))
def test_of_an_id_of_the_others_nothing_can_be_said(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    def say(id: str) -> tuple[int, Any]:
        url, truth = path.replace("{id}", id), {"label": "barolo"}
        return said(keyed.client.request(method, url, headers=other, json=truth))

    nobodys = say(new_job_id())
    assert nobodys[0] == 404
    assert [say(one) for one in (acme.running, acme.ended)] == [nobodys] * 2


@pytest.mark.parametrize(("method", "path"), ways(TELL))
def test_among_many_neither(keyed: Any, acme: Acme, other: Any, method: str, path: str) -> None:
    ids = (new_job_id(), acme.ended)
    body = {"feedback": [{"id": one, "label": "barolo"} for one in ids]}
    answer = keyed.client.request(method, path, headers=other, json=body).json()
    assert answer["accepted"] == 0
    assert answer["results"][0] == answer["results"][1]


@pytest.mark.parametrize(("method", "path"), ways(LIST, SAME))
def test_nothing_of_the_others_is_shown(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    url = path.format(name="wine", id="1", version="1", type="not-found")
    answer = keyed.client.request(method, url, headers=other)
    assert answer.status_code == 200
    assert not [secret for secret in acme.secrets if secret in answer.text]


def test_a_list_has_ones_own_alone(keyed: Any, acme: Acme, other: Any) -> None:
    listed = keyed.client.get("/api/v1/predictions", headers=acme.headers).json()["results"]
    assert {one["id"] for one in listed} == {acme.running, acme.ended}
    assert keyed.client.get("/api/v1/predictions", headers=other).json()["results"] == []


def test_a_cursor_of_the_others_leads_nowhere(keyed: Any, acme: Acme, other: Any) -> None:
    first = keyed.client.get("/api/v1/predictions?limit=1", headers=acme.headers).json()
    answer = keyed.client.get(first["next"], headers=other)
    assert answer.status_code == 422 or answer.json()["results"] == []


@pytest.mark.parametrize(("method", "path"), ways(SUBMIT))
def test_the_same_request_is_a_job_of_ones_own(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    body: dict[str, Any] = dict(acme.body)
    if "{name}" in path:
        del body["model"]
    if path.endswith("/bulk"):
        body["inputs"] = [body.pop("input")]
    headers = other | {"Idempotency-Key": "both-use-this"}
    answer = keyed.client.request(
        method, path.replace("{name}", "wine"), json=body, headers=headers
    )
    assert answer.status_code == 202
    assert not {acme.running, acme.ended} & set(re.findall(r"[0-9a-f-]{36}", answer.text))
    assert '"cache":"miss"' in answer.text


@pytest.mark.parametrize(("method", "path"), ways(INFER))
def test_the_same_tensors_are_jobs_of_ones_own(
    keyed: Any, other: Any, wine: Any, method: str, path: str
) -> None:
    row = list(wine.values())
    tensor = {"name": "measurements", "shape": [1, 13], "datatype": "FP32", "data": row}
    body = {"inputs": [tensor], "instances": [row], "parameters": {"timeout": 1000}}
    url, jobs = path.format(name="wine", version="1"), set()
    for headers in (keyed.headers("acme"), other):
        headers["Idempotency-Key"] = "both-use-this"
        answer = keyed.client.request(method, url, json=body, headers=headers)
        assert answer.status_code == 504
        [link] = answer.json()["predictions"]
        assert keyed.client.get(link, headers=headers).json()["cache"] == "miss"
        jobs.add(link)
    assert len(jobs) == 2


@pytest.mark.parametrize(("method", "path"), ways(REFUSED))
def test_what_is_offered_to_nobody(keyed: Any, other: Any, method: str, path: str) -> None:
    answer = keyed.client.request(method, path.format(name="wine"), headers=other)
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "path"), ways(UPLOAD))
def test_the_same_file_is_one_of_ones_own(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    files = {"content": ("mine", PICTURE)}
    answer = keyed.client.request(method, path, files=files, headers=other)
    assert answer.status_code == 201
    assert not [secret for secret in acme.secrets if secret in answer.text]


def test_a_file_of_the_others_is_no_input(keyed: Any, acme: Acme, other: Any) -> None:
    def submit(id: str, headers: dict[str, str]) -> tuple[int, Any]:
        body = {"model": "digits", "input": {"image": f"http://testserver/api/v1/files/{id}"}}
        answer = keyed.client.post("/api/v1/predictions", json=body, headers=headers)
        return answer.status_code, answer.json().get("type")

    nobodys = submit(new_job_id(), other)
    assert nobodys[0] == 422
    assert submit(acme.file, other) == nobodys
    assert submit(acme.file, acme.headers)[0] == 202


@pytest.mark.parametrize(("method", "path"), ways(TEST))
def test_a_test_is_seen_by_its_own_alone(
    keyed: Any, acme: Acme, other: Any, method: str, path: str
) -> None:
    answer = keyed.client.request(
        method, path, json={"url": "https://hooks.example.com/"}, headers=other
    )
    assert answer.status_code == 202
    assert keyed.client.get(answer.json()["urls"]["get"], headers=other).status_code == 200
    assert keyed.client.get(answer.json()["urls"]["get"], headers=acme.headers).status_code == 404


@pytest.mark.parametrize(("method", "path"), ways(PUT))
@pytest.mark.parametrize("job", ["running", "ended"])
def test_an_id_that_is_taken_tells_nothing_of_its_job(
    keyed: Any, acme: Acme, other: Any, method: str, path: str, job: str
) -> None:
    url = path.replace("{id}", getattr(acme, job))
    answer = keyed.client.request(method, url, json=acme.body, headers=other)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-mismatch")
    assert MARK not in answer.text
