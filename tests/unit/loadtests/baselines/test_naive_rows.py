import pytest
from sqlmodel import Session

from loadtests.baselines.naive import rows


@pytest.fixture
def with_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "URL", f"sqlite:///{tmp_path}/naive.db")
    rows.engine.cache_clear()
    rows.create()
    yield
    rows.engine().dispose()
    rows.engine.cache_clear()


def test_a_job_is_a_row_from_its_submit_to_its_end(with_rows):
    rows.begin("7", "wine", {"alcohol": 13})
    rows.finish("7", {"label": "barolo"})
    with Session(rows.engine()) as session:
        job = session.get_one(rows.NaiveJob, "7")
    assert (job.status, job.input, job.output) == (
        "succeeded", {"alcohol": 13}, {"label": "barolo"}
    )  # fmt: skip
    assert job.completed_at is not None


def test_without_a_database_nothing_is_written(monkeypatch):
    monkeypatch.setattr(rows, "URL", "")
    rows.begin("7", "wine", {})
    rows.finish("7", {})
    assert rows.engine.cache_info().currsize == 0
