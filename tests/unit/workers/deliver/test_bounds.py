"""Nothing that one delivery does to its worker lasts, or falls upon others."""

import time
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet, MultiFernet

from shared.errors import Unavailable
from shared.webhooks.schedule import PAUSES_SECONDS
from tests.unit.workers.deliver.conftest import GOOD


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


def test_a_claim_that_sql_breaks_off_is_no_attempt(deliver, ended, delivery, monkeypatch) -> None:
    job_id, read = ended(), deliver._secrets.signing

    def away(_tenants: object) -> None:
        monkeypatch.setattr(deliver._secrets, "signing", read)
        raise Unavailable("the database cannot be reached now")

    monkeypatch.setattr(deliver._secrets, "signing", away)
    assert deliver() == 0
    assert delivery(job_id)["failures"] == 0
    assert deliver() == 1


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
