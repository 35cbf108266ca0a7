import json
from datetime import UTC, datetime

import pytest

from deploy.local.__main__ import main
from shared.db.engine import create_database_engine, writing
from shared.db.migrate import upgrade
from shared.domain.failures import Failure
from shared.domain.ids import new_job_id
from shared.domain.outcome import Outcome
from shared.jobs import lifecycle, store
from shared.jobs.lifecycle import End


@pytest.fixture
def letters(tmp_path, monkeypatch, capsys):
    """Runs a `./run dead-letters` command over one data directory; answers what it said."""
    monkeypatch.delenv("QUEUECAST_DATABASE_URL", raising=False)
    monkeypatch.delenv("QUEUECAST_REDIS_URL", raising=False)

    def run(*words):
        try:
            code = main(["dead-letters", *words, "--data-dir", str(tmp_path / "data")])
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return run


@pytest.fixture
def bury(tmp_path, new_job, settings):
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path}/data/queuecast.db"
    upgrade(url)
    engine = create_database_engine(url)

    def make(code=Failure.WORKER_LOST, **about):
        job = new_job(id=new_job_id(), **about)
        with writing(engine) as connection:
            store.insert(connection, [job.row(settings, None)])
            end = End(job.id, None, Outcome.failed(code, "three workers died"))
            lifecycle.finish(connection, [end], datetime.now(UTC))
        return job.id

    yield make
    engine.dispose()


def listed(letters, *words):
    return [one["id"] for one in json.loads(letters("list", "--json", *words)[1][0])]


def test_letters_of_all_tenants_are_listed(letters, bury):
    ids = {bury(), bury(tenant="acme")}
    assert set(listed(letters)) == ids
    assert len(letters("list")[1]) == 3
    assert len(listed(letters, "--tenant", "acme", "--code", "worker_lost", "--hours", "1")) == 1
    assert letters("show", next(iter(ids)))[0] == 0


def test_a_retried_letter_waits_for_nobody(letters, bury):
    letter = bury()
    code, [job], _ = letters("retry", letter)
    assert code == 0
    assert letters("retry", letter)[1] == [job]
    assert "no dead letter" in letters("list")[2]
    assert listed(letters, "--all") == [letter]
    assert f"retried_as   {job}" in letters("show", letter)[1]


def test_many_are_retried_or_removed(letters, bury):
    bury(Failure.INPUT_LOST)
    bury(tenant="acme")
    assert "1 sent again" in letters("retry", "--all", "--tenant", "acme")[2]
    assert "1 removed" in letters("purge", "--all", "--code", "input_lost")[2]
    assert len(listed(letters, "--all")) == 1


def test_what_cannot_be_done_is_said_in_one_line(letters, bury):
    for words in (("retry",), ("purge", "x"), ("show", new_job_id()), ("purge", new_job_id())):
        code, out, note = letters(*words)
        assert (code, out, note.count("\n")) == (2, [], 1)
