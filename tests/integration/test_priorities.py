"""An urgent job beside a flood, through the running system."""

from queuecast import Client

FLOOD = 400
SECONDS_EACH = 0.01


def test_an_urgent_job_does_not_wait_for_a_flood(client: Client) -> None:
    inputs = [
        {"x": 500.0 + number, "predict": "sleep", "seconds": SECONDS_EACH}
        for number in range(FLOOD)
    ]
    flood = client.submit_many("fragile", inputs, priority="low")
    urgent = client.wait(client.submit("fragile", {"x": 499.0}, priority="high"))
    assert urgent.succeeded
    ended = sum(client.get(job.id).done for job in flood[::10])
    assert ended < FLOOD / 10 / 2
    assert all(client.wait(job, 30).succeeded for job in flood)
