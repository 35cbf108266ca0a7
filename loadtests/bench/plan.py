"""How much of each measurement a run takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts are those of Queuecast; arms of another class of speed take a share of them."""

    name: str
    rounds: int
    connections: int = 64
    tabular_jobs: int = 10_000
    idle_jobs: int = 150
    image_jobs: int = 4_000
    payload_jobs: tuple[tuple[int, int], ...] = (
        (1 << 10, 2_000), (1 << 14, 2_000), (1 << 16, 600), (1 << 18, 200), (1 << 20, 60),
    )  # fmt: skip
    cache_jobs: int = 4_000
    cache_shares: tuple[int, ...] = (0, 50, 90, 100)
    heavy_jobs: int = 500
    arrival_seconds: float = 5.0
    arrivals_per_second: tuple[int, ...] = (200, 1_000, 3_000)
    depths: tuple[int, ...] = (1_000, 10_000, 100_000)
    rows: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    looks: int = 1_000


FULL = Plan("full", rounds=3)

QUICK = Plan(
    "quick",
    rounds=1,
    tabular_jobs=4_000,
    idle_jobs=80,
    image_jobs=1_500,
    payload_jobs=((1 << 10, 1_000), (1 << 18, 100)),
    cache_jobs=1_500,
    cache_shares=(0, 90),
    heavy_jobs=250,
    arrival_seconds=3.0,
    arrivals_per_second=(1_000,),
    depths=(1_000, 10_000),
    rows=(1_000, 100_000),
    looks=300,
)
