"""Every metric, by the Prometheus conventions: labels are few and bounded.

What the API reads at each scrape stands in `api/live_metrics.py`; docs/18-observe.md lists all.
"""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
)  # fmt: skip
"""Buckets for what may take milliseconds or minutes."""

http_requests = Counter(
    "queuecast_http_requests_total",
    "Requests by the template of their route; those of no route are `unmatched`.",
    ["route", "method", "status"],
)
http_request_seconds = Histogram(
    "queuecast_http_request_seconds",
    "From a request's head to that of its answer; what was waited for on purpose is in it.",
    ["route", "method"],
    buckets=SECONDS,
)
submit_seconds = Histogram(
    "queuecast_submit_seconds", "From a checked job to its answer, committed.", buckets=SECONDS
)
job_seconds = Histogram(
    "queuecast_job_seconds",
    "Of each job that ended in a worker: what it waited (queue), spent in preprocess and predict, "
    "and all from its creation to its end (total).",
    ["model", "version", "stage"],
    buckets=SECONDS,
)
record_seconds = Histogram(
    "queuecast_record_seconds",
    "From outcomes taken to outcomes visible, of one batch.",
    buckets=SECONDS,
)

jobs_accepted = Counter("queuecast_jobs_accepted_total", "Jobs committed.", ["model"])
cache_answers = Counter(
    "queuecast_cache_answers_total",
    "Accepted jobs: answered by an earlier job (hit), waiting for one (joined), run (miss).",
    ["model", "cache"],
)
submits_refused = Counter("queuecast_submits_refused_total", "Submits not accepted.", ["type"])
keys_refused = Counter(
    "queuecast_keys_refused_total",
    "Requests without a valid API key, by what was refused: the key, or an address that had sent "
    "too many.",
    ["refused"],
)
jobs_finished = Counter(
    "queuecast_jobs_finished_total", "Jobs that reached their end.", ["model", "state"]
)
jobs_failed = Counter(
    "queuecast_jobs_failed_total", "Failed jobs by error code.", ["model", "error_code"]
)
jobs_fenced = Counter(
    "queuecast_jobs_fenced_total", "Outcomes of an attempt that was no longer the current one."
)
jobs_rescued = Counter(
    "queuecast_jobs_rescued_total", "Jobs taken from a worker that died, or orphaned.", ["reason"]
)
jobs_redispatched = Counter(
    "queuecast_jobs_redispatched_total", "Unfinished jobs found missing in Redis, sent again."
)
orphans_deleted = Counter(
    "queuecast_orphan_blobs_deleted_total", "Blobs that no job needed any more, deleted."
)
retention_removed = Counter(
    "queuecast_retention_removed_total",
    "What was not to be kept any longer: inputs, outputs, jobs, log rows, files.",
    ["kind"],
)
quarantined = Counter(
    "queuecast_quarantined_total", "Entries and bells that nobody could read, put aside."
)
entries_left_behind = Counter(
    "queuecast_entries_left_behind_total",
    "Entries of jobs that ended while they waited, taken away by the sweeper.",
)
bells_rung_again = Counter("queuecast_bells_rung_again_total", "Bells rung by the sweeper.")
webhooks_sent = Counter(
    "queuecast_webhook_attempts_total",
    "Attempts to deliver a webhook, by the state that they led to.",
    ["state"],
)
redis_failures = Counter(
    "queuecast_redis_failures_total", "Calls to Redis that failed or took too long.", ["call"]
)
batch_rows = Histogram(
    "queuecast_batch_rows",
    "Rows of one run of a model.",
    ["model"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
group_rows = Histogram(
    "queuecast_group_commit_rows",
    "Jobs in one commit of the API.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
sweeper_last_success = Gauge(
    "queuecast_sweeper_last_success_timestamp_seconds",
    "When a sweep last went through.",
    multiprocess_mode="mostrecent",
)
oldest_unfinished = Gauge(
    "queuecast_oldest_unfinished_age_seconds",
    "Age of the oldest unfinished job.",
    multiprocess_mode="mostrecent",
)
oldest_webhook = Gauge(
    "queuecast_webhook_oldest_due_age_seconds",
    "For how long the webhook that is longest due has been so.",
    multiprocess_mode="mostrecent",
)
sessions = Gauge(
    "queuecast_sessions",
    "Loaded sessions of a model version, over all processes.",
    ["model", "version"],
    multiprocess_mode="livesum",
)
session_memory = Gauge(
    "queuecast_session_memory_bytes",
    "By how much their processes grew when they loaded them.",
    ["model", "version"],
    multiprocess_mode="livesum",
)
process_memory = Gauge(
    "queuecast_process_memory_bytes",
    "Resident memory of all processes of a kind.",
    ["process"],
    multiprocess_mode="livesum",
)
build = Gauge(
    "queuecast_build_info",
    "1; its labels tell what runs.",
    ["version", "python"],
    multiprocess_mode="max",
)
model_accuracy = Gauge(
    "queuecast_model_accuracy_ratio",
    "Share of right labels, of the last day's predictions with feedback.",
    ["model", "version"],
    multiprocess_mode="mostrecent",
)
model_error = Gauge(
    "queuecast_model_mean_absolute_error",
    "Mean absolute error of predicted values, of the last day's predictions with feedback.",
    ["model", "version"],
    multiprocess_mode="mostrecent",
)
model_feedback = Gauge(
    "queuecast_model_feedback_predictions",
    "Predictions of the last day that were compared with feedback.",
    ["model", "version"],
    multiprocess_mode="mostrecent",
)
