"""What a running system tells of itself: metrics, Flower, traces, logs."""

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

MODEL = "wine"
SECONDS = 20.0
OPERATOR = "Basic " + base64.b64encode(b"op:hush-hush").decode()


def until(true: Callable[[], Any]) -> Any:
    """What it answers as soon as that is something."""
    deadline = time.monotonic() + SECONDS
    while not (answer := true()) and time.monotonic() < deadline:
        time.sleep(0.1)  # asks again
    return answer


@pytest.fixture(scope="module")
def jobs(observed, sample) -> list[dict[str, Any]]:
    """Forty predictions of different inputs, ended; one API process or the other took each."""
    url, wait = f"{observed.url}/api/v1/predictions", {"Prefer": "wait=20"}
    inputs = [sample | {"alcohol": 11 + number / 50} for number in range(40)]
    # A connection each, so that both API processes have some.
    answers = [
        httpx2.post(url, json={"model": MODEL, "input": one}, headers=wait) for one in inputs
    ]
    done = [one.json() for one in answers]
    assert {one["status"] for one in done} == {"succeeded"}
    return done


@pytest.fixture(scope="module")
def sample() -> dict[str, float]:
    from deploy.local.paths import ROOT

    samples = json.loads((ROOT / "models/wine/samples/samples.json").read_text())
    found: dict[str, float] = samples[0]["input"]
    return found


def samples_of(port: int) -> dict[tuple[str, ...], float]:
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def ports(observed) -> dict[str, int]:
    listed = observed.state["processes"]
    return {one["name"]: one["metrics_port"] for one in listed if one["metrics_port"]}


def test_api_processes_add_up(observed, jobs) -> None:
    accepted = ("queuecast_jobs_accepted_total", MODEL)
    found = samples_of(ports(observed)["api-1"])
    assert found[accepted] == len(jobs)
    requests = ("queuecast_http_requests_total", "POST", "/api/v1/predictions")
    assert until(lambda: sum_of(observed, requests) == len(jobs))


def sum_of(observed, beginning: tuple[str, ...]) -> float:
    found = samples_of(ports(observed)["api-1"])
    return sum(value for key, value in found.items() if key[: len(beginning)] == beginning)


def test_each_worker_tells_of_its_own(observed, jobs) -> None:
    found = ports(observed)
    assert found.keys() >= {"api-1", "preprocess-1", "predict-1", "record", "deliver", "sweeper"}
    record, predict = samples_of(found["record"]), samples_of(found["predict-1"])
    assert record["queuecast_jobs_finished_total", MODEL, "succeeded"] == len(jobs)
    assert record["queuecast_job_seconds_count", MODEL, "predict", "1"] == len(jobs)
    assert predict["queuecast_sessions", MODEL, "1"] == 1
    assert predict["queuecast_process_memory_bytes", "predict"] > 1 << 20
    assert ("queuecast_jobs_finished_total", MODEL, "succeeded") not in predict


def test_flower_tells_how_many_jobs_each_task_did(observed, jobs) -> None:
    url = observed.state["flower_url"]
    with httpx2.Client(base_url=url, headers={"Authorization": OPERATOR}) as flower:

        def done() -> dict[str, int]:
            tasks = flower.get("/api/tasks", params={"limit": 1000}).json().values()
            ended = [one for one in tasks if one["state"] == "SUCCESS"]
            names = {one["name"] for one in ended}
            return {
                name: sum(int(one["result"]) for one in ended if one["name"] == name)
                for name in names
            }

        expected = dict.fromkeys(("preprocess", "predict", "record"), len(jobs))
        assert until(lambda: expected.items() <= done().items()), done()
        shown = flower.get("/api/tasks", params={"taskname": "predict"}).json().values()
        assert {one["args"] for one in shown} == {"('wine', '1')"}
        workers = flower.get("/api/workers").json()
        assert not any(job["id"] in json.dumps([list(shown), workers]) for job in jobs)


def test_flower_asks_who_looks_and_only_shows(observed) -> None:
    url = observed.state["flower_url"]
    assert httpx2.get(f"{url}/tasks").status_code == 401
    assert httpx2.get(f"{url}/api/tasks").status_code == 401
    [worker, *_] = httpx2.get(f"{url}/api/workers", headers={"Authorization": OPERATOR}).json()
    stop = httpx2.post(f"{url}/api/worker/shutdown/{worker}", headers={"Authorization": OPERATOR})
    assert stop.status_code == 403


TRACE, CLIENT_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def submitted(observed, sample, trace: str, **more: Any) -> None:
    """One prediction of an input that is new, in the client's trace."""
    body = {"model": MODEL, "input": sample | {"ash": int(trace, 16) % 1000 / 500}, **more}
    headers = {"traceparent": f"00-{trace}-{CLIENT_SPAN}-01"}
    answer = httpx2.post(f"{observed.url}/api/v1/predictions", json=body, headers=headers)
    assert answer.status_code == 202, answer.text


def spans_of(receiver, trace: str) -> dict[str, Any]:
    """By name, one of each."""
    found = [span for span in list(receiver.spans) if span.trace_id.hex() == trace]
    return {span.name: span for span in found}


def test_a_job_is_one_trace_from_the_client_to_its_webhook(observed, receiver, sample) -> None:
    submitted(observed, sample, TRACE, webhook=f"{receiver.url}/hook")
    names = {"POST /api/v1/predictions", "queue", "preprocess", "predict", "record", "webhook"}
    assert until(lambda: names <= spans_of(receiver, TRACE).keys()), spans_of(receiver, TRACE)
    found = spans_of(receiver, TRACE)
    root = found["POST /api/v1/predictions"]
    assert root.parent_span_id.hex() == CLIENT_SPAN
    assert {found[name].parent_span_id for name in names - {root.name}} == {root.span_id}
    [told] = [one["traceparent"] for one in receiver.webhooks if TRACE in one["traceparent"]]
    assert told == f"00-{TRACE}-{found['webhook'].span_id.hex()}-01"
    waits = [one for one in receiver.spans if one.trace_id.hex() == TRACE and one.name == "queue"]
    stages = {one.value.string_value for wait in waits for one in wait.attributes}
    assert stages == {"preprocess", "predict", "record"}
    assert all(one.start_time_unix_nano <= one.end_time_unix_nano for one in found.values())


def test_a_run_for_many_is_linked_with_each_of_them(observed, receiver, sample) -> None:
    traces = [f"{number:032x}" for number in range(1, 5)]
    [predict] = observed.pids("predict")
    os.kill(predict, signal.SIGSTOP)  # until all of them wait
    try:
        for trace in traces:
            submitted(observed, sample, trace)
        assert until(lambda: all("preprocess" in spans_of(receiver, one) for one in traces))
    finally:
        os.kill(predict, signal.SIGCONT)
    assert until(lambda: all("predict" in spans_of(receiver, one) for one in traces))
    runs = {one.span_id: one for one in receiver.spans if one.name == "predict batch"}
    roots = {spans_of(receiver, one)["POST /api/v1/predictions"].span_id for one in traces}
    linked = {spans_of(receiver, one)["predict"].links[0].span_id for one in traces}
    [run] = [runs[one] for one in linked]
    assert {link.span_id for link in run.links} == roots
    assert [one.value.int_value for one in run.attributes] == [len(traces)]


def test_logs_are_lines_of_json_without_payloads(observed, sample) -> None:
    secret = "do-not-tell"
    hook = f"http://127.0.0.1:9/{secret}"
    body = {"model": MODEL, "input": sample, "metadata": {"a": secret}, "webhook": hook}
    headers = {"X-Request-ID": "known.id", "Idempotency-Key": secret}
    httpx2.post(f"{observed.url}/api/v1/predictions?wait=5", json=body, headers=headers)
    bad = {"model": MODEL, "input": {"alcohol": secret}}
    httpx2.post(f"{observed.url}/api/v1/predictions?x={secret}", json=bad)
    for file in (observed.data_dir / "logs").glob("*.log"):
        if file.stem in ("redis", "migrate"):
            continue
        text = file.read_text()
        assert secret not in text and "hush-hush" not in text
        assert all(
            {"event", "level", "timestamp"} <= json.loads(one).keys() for one in text.splitlines()
        )
