"""The stage over real SQL and real secrets; what is sent goes to a receiver that only listens."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import Engine, select, update
from standardwebhooks import Webhook, WebhookVerificationError

from shared.clock import SystemClock
from shared.db.engine import create_database_engine, reading, writing
from shared.db.migrate import upgrade
from shared.domain.names import Stage
from shared.domain.outcome import Outcome
from shared.domain.states import State
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End
from shared.jobs.table import job_table
from shared.webhooks import outbox
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.events import Event
from shared.webhooks.schedule import PAUSES_SECONDS
from shared.webhooks.secrets import Secrets
from shared.webhooks.settling import Attempt
from shared.webhooks.table import attempt_table, delivery_table
from workers.deliver import Deliver

GOOD = "https://good.example.com/hook"


class Receivers:
    """Keeps what it is sent; answers by host, 200 where nothing else was said."""

    def __init__(self) -> None:
        self.sent: list[SimpleNamespace] = []
        self.answers: dict[str, Callable[[], Attempt]] = {}
        self.pauses: dict[str, float] = {}
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self.then: Callable[[], None] = lambda: None

    async def post(self, tenant: str, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        host = url.split("/")[2]
        one = {"tenant": tenant, "url": url, "headers": headers, "body": body}
        self.sent.append(SimpleNamespace(**one, at=time.monotonic()))
        self._now[host] = self._now.get(host, 0) + 1
        self.most[host] = max(self.most.get(host, 0), self._now[host])
        self.then()
        await asyncio.sleep(self.pauses.get(host, 0))
        self._now[host] -= 1
        return self.answers.get(host, lambda: answered(200))()


def answered(status: int | None, **more: Any) -> Attempt:
    return Attempt(SystemClock().now(), 0.1, status, **more)


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "queuecast.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(migrated_file, tmp_path / "queuecast.db")
    engine = create_database_engine(f"sqlite:///{tmp_path}/queuecast.db")
    yield engine
    engine.dispose()


@pytest.fixture
def receivers() -> Receivers:
    return Receivers()


@pytest.fixture
def bells() -> list[Any]:
    return []


@pytest.fixture
def secrets(engine: Engine, clock) -> Secrets:
    cipher = MultiFernet([Fernet(Fernet.generate_key())])
    return Secrets(engine, clock, lambda: cipher)


@pytest.fixture
def worker(new_worker, engine, secrets, bells):
    backlogs = SimpleNamespace(hear=bells.append, ring=bells.append)
    return new_worker(Stage.DELIVER, engine=engine, secrets=secrets, backlogs=backlogs)


@pytest.fixture
def deliver(worker, receivers) -> Deliver:
    return Deliver(worker, receivers)


@pytest.fixture
def ended(engine, new_job, settings, clock) -> Callable[..., str]:
    """A job that has come to its end, of which a webhook is to tell; its id."""

    def make(url: str = GOOD, **changes: Any) -> str:
        job = new_job(webhook=url, webhook_events="completed", **changes)
        outcome = Outcome(State.SUCCEEDED, b'{"label":"barolo"}')
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None)])
            lifecycle.finish(connection, [End(job.id, 1, outcome)], clock.now())
        return job.id

    return make


@pytest.fixture
def delivery(engine) -> Callable[[str], Any]:
    def read(job_id: str) -> Any:
        with reading(engine) as connection:
            its = select(delivery_table).where(delivery_table.c.job_id == job_id)
            return connection.execute(its).mappings().one()

    return read


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


@pytest.fixture
def real_time(worker, secrets) -> None:
    worker.clock = secrets._clock = SystemClock()


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
    for _ in range(20):
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


class Killed(BaseException):
    """As far as the stage can tell: nothing of what follows happens."""


@pytest.fixture
def deadly(deliver, receivers) -> Callable[[], None]:
    """Sends what is due, and is killed by it."""

    def kill() -> None:
        raise Killed

    def run() -> None:
        receivers.then = kill
        with pytest.raises(Killed):
            deliver()
        receivers.then = lambda: None

    return run


def test_what_a_killed_worker_had_claimed_is_sent_again(
    deliver, deadly, receivers, ended, delivery, clock
) -> None:
    job_id = ended()
    deadly()
    assert deliver() == 0
    clock.advance(26)
    assert deliver() == 1
    assert receivers.sent[0].headers["webhook-id"] == delivery(job_id)["id"]
    assert (delivery(job_id)["failures"], delivery(job_id)["claims"]) == (1, 2)


def test_what_kills_each_worker_comes_to_its_end(deliver, deadly, ended, delivery, clock) -> None:
    job_id = ended()
    for _ in range(len(PAUSES_SECONDS) + 1):
        deadly()
        assert deliver() == 0
        clock.advance((delivery(job_id)["due_at"] - clock.now()).total_seconds())
    assert deliver() == 0
    assert (delivery(job_id)["state"], delivery(job_id)["error"]) == ("failed", "cut_off")


def test_the_body_is_made_when_the_attempt_counts_already(
    deliver, ended, delivery, monkeypatch
) -> None:
    job_id = ended()
    monkeypatch.setattr(deliver, "_body", lambda *_: exec("raise Killed", {"Killed": Killed}))
    with pytest.raises(Killed):
        deliver()
    assert delivery(job_id)["failures"] == 1


def test_a_secret_that_cannot_be_read_stops_its_tenant_only(
    deliver, receivers, ended, delivery, secrets, clock
) -> None:
    bad, good = ended(tenant="bad"), ended()
    mine, other = secrets._cipher, MultiFernet([Fernet(Fernet.generate_key())])
    secrets._cipher = lambda: other
    secrets.current("bad")
    secrets._cipher = mine
    assert deliver() == 1
    assert delivery(good)["state"] == "delivered"
    assert (delivery(bad)["state"], delivery(bad)["error"]) == ("pending", "secret_unreadable")
    secrets._cipher = lambda: MultiFernet([*mine()._fernets, *other._fernets])
    clock.advance(7)
    assert deliver() == 1
    assert delivery(bad)["state"] == "delivered"


def test_a_tenant_of_slow_receivers_leaves_room_to_others(deliver, receivers, ended) -> None:
    for number in range(140):
        receivers.pauses[f"{number}.slow.example.com"] = 1.0
        ended(f"https://{number}.slow.example.com/", tenant="slow")
    late: list[str] = []
    receivers.then = lambda: late or late.append(ended())
    began = time.monotonic()
    deliver()
    (good,) = (one for one in receivers.sent if one.url == GOOD)
    assert good.at - began < 0.9


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
