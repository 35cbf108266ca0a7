"""The faults that Queuecast is tested against, and where a test is not in this folder."""

FAULTS = {
    "F1": "a predict worker is killed while it runs jobs",
    "F2": "a preprocess worker is killed",
    "F3": "the main process of a worker is killed",
    "F4": "a worker stands still, is rung, and is killed: the bell dies with it",
    "F5": "a worker stands still beyond its heartbeat, and goes on: its outcome is too late",
    "F6": "a worker stands still for long: others take over, it is replaced",
    "F7": "a worker is asked to stop while it runs a job",
    "F8": "a worker is told to quit",
    "F9": "the API dies between the commit and the dispatch",
    "F10": "the API dies before the commit",
    "F11": "the API dies after the dispatch, before its answer",
    "F12": "one of two sweepers is killed",
    "F13": "no sweeper runs, and a worker dies",
    "F14": "Redis is killed and has kept nothing",
    "F15": "Redis is killed and has its append-only file",
    "F16": "Redis is down for long",
    "F17": "Redis hangs",
    "F18": "Redis takes no writes for a while",
    "F19": "Redis is busy with one command",
    "F20": "Redis is emptied",
    "F21": "Redis is full",
    "F22": "the network to Redis is a black hole",
    "F23": "answers of Redis are lost",
    "F24": "connections to Redis are reset, again and again",
    "F25": "the network to Redis is slow",
    "F26": "SQL cannot be reached, Redis can",
    "F27": "PostgreSQL is killed and started",
    "F28": "PostgreSQL kills the connection between the write of a result and its commit",
    "F29": "the disk under SQLite is full",
    "F30": "SQLite is locked for longer than anybody waits",
    "F31": "the clock of one process is ten minutes off",
    "F32": "a model's file is deleted, cut off or exchanged",
    "F33": "a model loops, or allocates without end",
    "F34": "an input kills whoever runs it",
    "F35": "a worker is out of memory",
    "F36": "damaged messages lie on the queues",
    "F37": "a bell rings a hundred times",
    "F38": "bells ring for what is done, or was never there",
    "F39": "a receiver of webhooks fails three times, then answers",
    "F40": "a receiver hangs, drips, floods, redirects or leads inside",
    "F41": "a deliver worker dies between the POST and the row that notes it",
    "F42": "a burst of ten times what is taken",
    "F43": "the API is out of file descriptors",
    "F44": "all of it, at random, under load",
}

ELSEWHERE = {
    "F6": "tests/integration/test_liveness.py::test_processes_that_stand_still_are_replaced",
    "F32": "tests/unit/workers/test_sessions.py::test_a_file_that_changed_is_refused",
    "F33": "tests/unit/workers/test_sessions.py::test_an_endless_model_is_stopped_at_its_limit",
    "F34": "tests/integration/test_crash.py"
    "::test_a_job_that_kills_workers_is_set_aside_after_three",
    "F36": "tests/integration/test_malformed_bells.py::test_a_malformed_bell_stops_nobody",
    "F39": "tests/unit/workers/deliver/test_deliver.py"
    "::test_a_failure_is_tried_again_under_the_same_id",
    "F40": "tests/unit/workers/test_sending.py::test_no_more_of_a_body_is_read_than_its_bound",
}
"""Of these there are tests beside the code that they concern."""

NOT_RUN: dict[str, str] = {}
"""What no platform of ours can inject, with the reason."""
