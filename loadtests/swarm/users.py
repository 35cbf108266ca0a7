"""The classes of users. `JOB …` rows of the report hold the whole time to a result."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import gevent
from inputs import asked_wine, new_wine, pictures
from locust import FastHttpUser, between, task
from locust.exception import StopUser
from receiver import receiver

PREDICTIONS = "/api/v1/predictions"
PATIENCE_SECONDS = 30.0
ENDS = ("succeeded", "failed", "canceled")
_count = iter(range(1 << 62))


class PredictingUser(FastHttpUser):  # type: ignore[misc]
    abstract = True
    wait_time = between(0.05, 0.25)
    connection_timeout = network_timeout = PATIENCE_SECONDS

    def on_start(self) -> None:
        key = os.environ.get("QUEUECAST_API_KEY")
        self.default_headers = {"Authorization": f"Bearer {key}"} if key else {}

    def submit(self, name: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """The prediction as it was accepted; None where it was not."""
        body = {"model": "wine", "input": new_wine()} | body
        with self.client.post(
            PREDICTIONS, json=body, headers=headers or {}, name=name, catch_response=True
        ) as answer:
            if answer.status_code in (200, 202):
                answer.success()
                return answer.json()
            if answer.status_code == 429:  # told to come back: no failure of the service
                answer.success()
                gevent.sleep(min(5.0, float(answer.headers.get("Retry-After", 1))))
            else:
                answer.failure(f"HTTP {answer.status_code}")
        return None

    @contextmanager
    def job(self, name: str) -> Iterator[dict[str, Any]]:
        """Around one job: what is noted as `prediction` must have succeeded in the end."""
        begun, told = time.perf_counter(), dict[str, Any]()
        yield told
        prediction = told.get("prediction")
        if prediction is None:
            return
        ended = prediction.get("status") == "succeeded"
        self.environment.events.request.fire(
            request_type="JOB",
            name=name,
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=None if ended else RuntimeError(told.get("why", prediction.get("status"))),
            context={},
        )


class PollingUser(PredictingUser):
    """Submits and looks again and again, as often as it is told."""

    weight = 3

    @task
    def predict(self) -> None:
        with self.job("poll") as told:
            prediction = told["prediction"] = self.submit("submit")
            until = time.monotonic() + PATIENCE_SECONDS
            while prediction and prediction["status"] not in ENDS and time.monotonic() < until:
                gevent.sleep(0.05)
                answer = self.client.get(f"{PREDICTIONS}/{prediction['id']}", name="poll")
                prediction = told["prediction"] = answer.json() if answer.ok else None


class WaitingUser(PredictingUser):
    """Asks for the result in the answer to the submit."""

    weight = 3

    @task
    def predict(self) -> None:
        with self.job("wait") as told:
            told["prediction"] = self.submit("submit, wait", {"Prefer": "wait=20"})


class StreamingUser(PredictingUser):
    """Follows the events of its prediction to the end."""

    @task
    def predict(self) -> None:
        with self.job("stream") as told:
            prediction = self.submit("submit")
            if prediction is None:
                return
            path = f"{PREDICTIONS}/{prediction['id']}/stream"
            with self.client.get(path, name="stream", catch_response=True) as answer:
                ended = answer.status_code in (200, 204) and "event: done" in (answer.text or "")
                told["prediction"] = {"status": "succeeded" if ended else "stream broke off"}


class WebhookUser(PredictingUser):
    """Is called when its prediction is done. The service must run for development."""

    @task
    def predict(self) -> None:
        mark = uuid4().hex
        with self.job("webhook") as told:
            prediction = self.submit("submit, webhook", webhook=receiver().url(mark))
            came = receiver().came(mark, PATIENCE_SECONDS if prediction else 0.0)
            if prediction is not None:
                told["prediction"] = {"status": "succeeded" if came else "no webhook came"}

    def on_start(self) -> None:
        """Ends at once where the service calls nobody on this machine."""
        super().on_start()
        body = {"model": "wine", "input": new_wine(), "webhook": receiver().url("asked")}
        with self.client.post(
            PREDICTIONS, json=body, name="submit, webhook", catch_response=True
        ) as answer:
            answer.success()
            if answer.status_code == 422:
                raise StopUser


class RepeatingUser(PredictingUser):
    """Asks what many have asked, by Zipf's law: most answers are known."""

    weight = 2

    @task
    def predict(self) -> None:
        with self.job("repeat") as told:
            told["prediction"] = self.submit(
                "submit, repeat", {"Prefer": "wait=20"}, input=asked_wine()
            )


class UploadingUser(PredictingUser):
    """Uploads pictures: in the submit itself, or as a file that it names then."""

    @task(3)
    def predict_picture(self) -> None:
        picture = pictures()[next(_count) % len(pictures())]
        with self.job("picture") as told:
            answer = self.client.post(
                "/api/v1/models/digits/predictions",
                data=_form("image", *picture),
                headers=_FORM | {"Prefer": "wait=20"},
                name="submit, picture",
            )
            told["prediction"] = answer.json() if answer.ok else None

    @task
    def predict_file(self) -> None:
        picture = pictures()[next(_count) % len(pictures())]
        with self.job("file") as told:
            answer = self.client.post(
                "/api/v1/files", data=_form("content", *picture), headers=_FORM, name="upload"
            )
            if answer.ok:
                image = answer.json()["urls"]["get"]
                told["prediction"] = self.submit(
                    "submit, file", {"Prefer": "wait=20"}, model="digits", input={"image": image}
                )


_BOUNDARY = "swarm-0a1b2c3d4e5f"
_FORM = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


def _form(field: str, name: str, content: bytes) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
    head = f"--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n"
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
