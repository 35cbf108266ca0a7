"""Every metric, by the Prometheus conventions: labels are few and bounded."""

from prometheus_client import Counter, Gauge, Histogram

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
jobs_failed = Counter("queuecast_jobs_failed_total", "Failed jobs by error code.", ["error_code"])
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
