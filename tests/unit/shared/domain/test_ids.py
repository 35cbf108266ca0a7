import threading
import time
import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import new_job_id, parse_job_id


def test_an_id_is_a_uuid_of_version_7_and_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_job_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_thread_strictly_increase() -> None:
    ids = [new_job_id() for _ in range(20_000)]
    assert all(earlier < later for earlier, later in pairwise(ids))


def test_ids_of_many_threads_differ() -> None:
    made: list[list[str]] = [[] for _ in range(4)]
    start = threading.Barrier(4)

    def make(mine: list[str]) -> None:
        start.wait(10)
        mine += (new_job_id() for _ in range(2_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 8_000


@given(st.uuids())
def test_any_uuid_is_read_in_its_canonical_form(given_id: uuid.UUID) -> None:
    assert parse_job_id(str(given_id)) == str(given_id)
    assert parse_job_id(str(given_id).upper()) == str(given_id)


GOOD = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "0",
        " " + GOOD,
        GOOD.replace("-", ""),
        "{" + GOOD + "}",
        "urn:uuid:" + GOOD,
        GOOD.replace("a", "g"),
        GOOD.replace("0", "\u0660"),
        GOOD + "\0",
        GOOD * 300,
        GOOD + "\n",
    ],
)
def test_what_is_no_uuid_is_not_read(text: str) -> None:
    assert parse_job_id(text) is None
