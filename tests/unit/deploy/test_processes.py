from pathlib import Path

import pytest

from deploy.local.data_dir import DataDir
from deploy.local.processes import (
    Sizes,
    chosen_sizes,
    database_programs,
    environment,
    worker_programs,
)

DATA_DIR = DataDir(Path("/somewhere/data"))
SIZES = Sizes(preprocess=1, predict=2, api=3)


@pytest.fixture
def settings():
    return environment(
        {"HOME": "/somewhere", "QUEUECAST_DATA_DIR": "/elsewhere", "QUEUECAST_KEY_PREFIX": "mine:"},
        DATA_DIR,
        redis_url="unix:///s",
        database_url="sqlite:////d",
        models_dirs=[Path("/a"), Path("/b")],
        sizes=SIZES,
    )


def test_every_process_gets_the_caller_s_environment_and_what_the_launcher_decides(settings):
    assert settings["HOME"] == "/somewhere"
    assert settings["QUEUECAST_KEY_PREFIX"] == "mine:"
    assert settings["QUEUECAST_DATA_DIR"] == "/somewhere/data"
    assert settings["QUEUECAST_MODELS_DIRS"] == "/a:/b"
    assert settings["QUEUECAST_PREDICT_PROCESSES"] == "2"
    assert settings["PROMETHEUS_MULTIPROC_DIR"] == "/somewhere/data/metrics"


def test_each_stage_has_as_many_processes_as_asked_for(settings):
    names = [program.name for program in worker_programs(settings, DATA_DIR, SIZES)]
    assert sorted(names) == ["predict-1", "predict-2", "preprocess-1"]


def test_all_api_processes_inherit_the_one_socket(settings):
    programs = database_programs(settings, DATA_DIR, SIZES, 7)
    api = [program for program in programs if program.role == "api"]
    assert [program.name for program in api] == ["api-1", "api-2", "api-3"]
    assert all(program.fds == (7,) and program.command[-2:] == ("--fd", "7") for program in api)
    assert {program.role for program in programs} == {"api", "record", "deliver", "sweeper"}


def test_each_process_has_a_log_of_its_own(settings):
    programs = [
        *worker_programs(settings, DATA_DIR, SIZES),
        *database_programs(settings, DATA_DIR, SIZES, 7),
    ]
    assert len({program.log for program in programs}) == len(programs)


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ({"workers": 3}, Sizes(3, 3)),
        ({"workers": 3, "predict": 1}, Sizes(3, 1)),
        ({"workers": 1, "api": 2}, Sizes(1, 1, 2)),
    ],
)
def test_workers_counts_preprocess_and_predict_each(asked, sizes):
    assert chosen_sizes(**asked) == sizes


@pytest.mark.parametrize(("cores", "sizes"), [(1, Sizes(1, 1)), (2, Sizes(1, 2)), (8, Sizes(4, 8))])
def test_by_default_each_core_has_a_predict_process(cores, sizes):
    assert chosen_sizes(cores=cores) == sizes
