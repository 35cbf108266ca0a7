import orjson
import pytest

from shared.domain.ids import new_job_id
from shared.domain.serving import Sampling
from shared.prediction_log.samples import is_drawn, redacted

INPUT = orjson.dumps({"name": "N", "visits": [{"who": {"name": "M"}, "age": 3}, {"age": 4}]})


@pytest.mark.parametrize(
    ("share", "least", "most"), [(0.0, 0, 0), (0.25, 350, 650), (1.0, 2000, 2000)]
)
def test_a_share_is_drawn(share: float, least: int, most: int) -> None:
    drawn = sum(is_drawn(new_job_id(), Sampling(share, 1)) for _ in range(2000))
    assert least <= drawn <= most


def test_a_job_is_drawn_again() -> None:
    ids = [new_job_id() for _ in range(99)]
    half = Sampling(0.5, 1)
    assert [is_drawn(one, half) for one in ids] == [is_drawn(one, half) for one in ids]


def test_private_fields_only_say_that_they_were_there() -> None:
    kept = orjson.loads(redacted(INPUT, Sampling(1, 99, ("name", "visits.who.name", "none.at"))))
    hidden = {"who": {"name": "[redacted]"}, "age": 3}
    assert kept == {"name": "[redacted]", "visits": [hidden, {"age": 4}]}


def test_without_private_fields_it_is_kept_as_it_came() -> None:
    assert redacted(INPUT, Sampling(1, 99)) is INPUT
