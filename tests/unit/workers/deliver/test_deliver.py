"""The stage over real SQL and real secrets; what is sent goes to a receiver that only listens."""

import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from shared.db.engine import reading, writing
from shared.domain.names import Stage
from shared.jobs import store
from shared.jobs.table import job_table
from shared.webhooks import outbox
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.events import Event
from shared.webhooks.table import attempt_table, delivery_table
from tests.unit.workers.deliver.conftest import GOOD, answered
from workers.deliver import Deliver


def test_nothing_due_sends_nothing(deliver, receivers, bells) -> None:
    assert deliver() == 0
    assert receivers.sent == []
    assert [bell.stage for bell in bells] == [Stage.DELIVER]


def test_a_completed_job_is_told_of_as_a_look_shows_it(deliver, receivers, ended, delivery) -> None:
    job_id = ended()
    assert deliver() == 1
    shown = orjson.loads(receivers.sent[0].body)
    assert (shown["id"], shown["status"]) == (job_id, "succeeded")
    assert shown["output"] == {"label": "barolo"}
    assert shown["urls"]["get"] == f"/api/v1/predictions/{job_id}"
    assert delivery(job_id)["state"] == "delivered"
    assert deliver() == 0


def test_links_are_full_below_the_public_url(worker, receivers, ended, settings) -> None:
    worker.settings = settings.model_copy(update={"public_url": "https://ml.example.com/"})
    job_id = ended()
    Deliver(worker, receivers)()
    url = f"https://ml.example.com/api/v1/predictions/{job_id}"
    assert orjson.loads(receivers.sent[0].body)["urls"]["get"] == url


@pytest.mark.usefixtures("real_time")
def test_the_library_of_the_standard_verifies_it(
    worker, receivers, ended, delivery, secrets
) -> None:
    job_id = ended()
    Deliver(worker, receivers)()
    (one,) = receivers.sent
    verifier = Webhook(secrets.current("default"))
    assert verifier.verify(one.body, one.headers)["id"] == job_id
    assert one.headers["webhook-id"] == delivery(job_id)["id"]
    with pytest.raises(WebhookVerificationError):
        verifier.verify(one.body.replace(b"barolo", b"grappa"), one.headers)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(one.body, one.headers | {"webhook-timestamp": "1700000000"})


@pytest.mark.usefixtures("real_time")
def test_for_a_day_the_secret_before_verifies_too(worker, receivers, ended, secrets) -> None:
    old = secrets.current("default")
    new = secrets.rotate("default")
    ended()
    Deliver(worker, receivers)()
    (one,) = receivers.sent
    for secret in (old, new):
        Webhook(secret).verify(one.body, one.headers)


def test_a_failure_is_tried_again_under_the_same_id(
    deliver, receivers, ended, delivery, clock, engine
) -> None:
    job_id = ended()
    receivers.answers["good.example.com"] = lambda: answered(500, answer="no")
    assert deliver() == 1
    assert deliver() == 0
    assert delivery(job_id)["state"] == "pending"
    clock.advance(6.1)
    receivers.answers.clear()
    assert deliver() == 1
    assert delivery(job_id)["state"] == "delivered"
    assert len({one.headers["webhook-id"] for one in receivers.sent}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receivers.sent}) == 2
    with reading(engine) as connection:
        log = connection.execute(select(attempt_table.c.number, attempt_table.c.status)).all()
    assert log == [(1, 500), (2, 200)]


def test_a_slow_receiver_holds_up_nobody(deliver, receivers, ended) -> None:
    receivers.pauses["dead.example.com"] = 1.0
    for _ in range(10):
        ended("https://dead.example.com/")
    late: list[str] = []
    receivers.then = lambda: late or late.append(ended())
    began = time.monotonic()
    deliver()
    good = [one.at - began for one in receivers.sent if one.url == GOOD]
    assert len(good) == 1
    assert good[0] < 0.9
    assert receivers.most["dead.example.com"] == 8


def test_a_host_that_failed_is_tried_one_at_a_time(deliver, receivers, ended) -> None:
    receivers.answers["dead.example.com"] = lambda: answered(None, error="timeout")
    ended("https://dead.example.com/")
    deliver()
    receivers.most.clear()
    for _ in range(5):
        ended("https://dead.example.com/")
    receivers.pauses["dead.example.com"] = 0.01
    assert deliver() == 5
    assert receivers.most["dead.example.com"] == 1


def test_a_start_that_was_overtaken_is_not_sent(
    deliver, receivers, ended, delivery, engine, clock
) -> None:
    job_id = ended()
    row = outbox.new_row("default", job_id, Event.START, GOOD, clock.now())
    with writing(engine) as connection:
        outbox.write(connection, [row])
    assert deliver() == 1
    with reading(engine) as connection:
        states = dict(
            connection.execute(select(delivery_table.c.event, delivery_table.c.state)).all()
        )
    assert states == {"completed": "delivered", "start": "skipped"}


def test_a_start_is_told_once(deliver, receivers, engine, new_job, settings, clock) -> None:
    job = new_job()
    with writing(engine) as connection:
        store.insert(connection, [job.row(settings, None)])
        outbox.write(
            connection, [outbox.new_row("default", job.id, Event.START, GOOD, clock.now())]
        )
    receivers.answers["good.example.com"] = lambda: answered(500)
    assert deliver() == 1
    assert orjson.loads(receivers.sent[0].body)["status"] == "starting"
    clock.advance(86400)
    assert deliver() == 0


def test_what_a_stopping_worker_cuts_off_is_due_at_once(
    deliver, receivers, ended, delivery, worker, clock
) -> None:
    job_id = ended()
    receivers.pauses["good.example.com"] = 30
    receivers.then = lambda: setattr(worker, "stopping", True)
    assert deliver() == 0
    row = delivery(job_id)
    assert (row["state"], row["due_at"], row["failures"]) == ("pending", clock.now(), 0)


def test_a_row_that_cannot_be_shown_keeps_no_other(
    deliver, receivers, ended, delivery, engine
) -> None:
    bad, good = ended(), ended()
    with writing(engine) as connection:
        broken = update(job_table).where(job_table.c.id == bad)
        connection.execute(broken.values(request_metadata=b"{"))
    assert deliver() == 1
    assert (delivery(bad)["state"], delivery(bad)["error"]) == ("pending", "no_body")
    assert delivery(bad)["failures"] == 1
    assert delivery(good)["state"] == "delivered"


def test_an_attempt_that_cannot_be_noted_keeps_no_other(
    deliver, receivers, ended, delivery
) -> None:
    receivers.answers["bad.example.com"] = lambda: answered(500, answer="\ud800")
    bad, good = ended("https://bad.example.com/"), ended()
    deliver()
    assert delivery(bad)["state"] == "pending"
    assert delivery(good)["state"] == "delivered"


def test_a_test_event_says_that_it_is_one(deliver, receivers, engine, clock, bells) -> None:
    backlogs: Any = SimpleNamespace(ring=bells.append)
    told = Deliveries(engine, backlogs, clock).test("default", GOOD)
    deliver()
    body = orjson.loads(receivers.sent[0].body)
    assert (body["type"], body["id"]) == ("test", told.row["id"])


def test_what_one_receiver_provokes_is_a_failure_of_its_own(
    deliver, receivers, ended, delivery
) -> None:
    receivers.answers["bad.example.com"] = lambda: answered(1 // 0)
    bad, good = ended("https://bad.example.com/hook"), ended()
    deliver()
    assert (delivery(bad)["failures"], delivery(bad)["error"]) == (1, "not_sent")
    assert delivery(good)["state"] == "delivered"


def test_a_run_that_breaks_off_leaves_room_for_the_next(
    deliver, receivers, ended, monkeypatch, clock
) -> None:
    """It was sending as much as it may to one host."""
    jobs = [ended() for _ in range(deliver._settings.webhook_host_concurrency)]
    receivers.pauses["good.example.com"] = 60
    monkeypatch.setattr(deliver, "_settle", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        deliver()
    monkeypatch.undo()
    receivers.pauses.clear()
    clock.advance(60)
    assert deliver() == len(jobs)
