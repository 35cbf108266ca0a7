import random

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from shared.telemetry.many import observe_all

BOUNDS = (0.1, 1, 10)


def test_many_at_once_are_the_same_as_each_by_itself() -> None:
    amounts = [0.0, 0.1, 1, 9.99, 10, 11, *(random.uniform(0, 12) for _ in range(100))]
    told = []
    for at_once in (True, False):
        registry = CollectorRegistry()
        histogram = Histogram("h_seconds", "H.", ["of"], registry=registry, buckets=BOUNDS)
        child = histogram.labels("x")
        if at_once:
            observe_all(child, amounts)
        else:
            for one in amounts:
                child.observe(one)
        told.append(_counts(registry))
    assert told[0] == told[1]


def test_nothing_is_observed_where_nothing_was() -> None:
    observe_all(Histogram("n_seconds", "N.", registry=None), [])


def _counts(registry: CollectorRegistry) -> list[str]:
    """Without the sum, which depends on the order of the additions."""
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if not line.startswith(("#", "h_seconds_sum", "h_seconds_cre"))]
