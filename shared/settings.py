"""Settings: typed, frozen, read once from `QUEUECAST_*` variables. `docs/` lists every one."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.secret_files import PREFIX, settings_of

BUNDLED_MODELS_DIR = Path(__file__).parent.parent / "models"


DAYS_MIN = 0.001
"""A minute and a half: what has just ended may be given to another job of the same input."""


def _not_at_once(days: float) -> float:
    if 0 < days < DAYS_MIN:
        raise ValueError(f"should be 0, or {DAYS_MIN} at least")
    return days


@cache
def _shortest(*periods: float) -> timedelta | None:
    """Of so many days each, 0 for good; every answer asks."""
    days = [days for days in periods if days]
    return timedelta(days=min(days)) if days else None


Days = Annotated[float, Field(ge=0, le=36500), AfterValidator(_not_at_once)]


class SecretFiles(PydanticBaseSettingsSource):
    """What stands in files that `QUEUECAST_*_FILE` names, and URLs with their passwords."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        return self._given.get(f"{PREFIX}{field_name}".upper()), field_name, False

    def __call__(self) -> dict[str, Any]:
        self._given = settings_of(os.environ)
        fields = self.settings_cls.model_fields
        found = {name: self.get_field_value(field, name)[0] for name, field in fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """All settings of all processes; units stand in the names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings

    redis_url: SecretStr = Field(
        description="Redis 6.2 or later: `redis://…`, `rediss://…` (TLS) or `unix:///…`."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="`sqlite:////absolute/path.db` or `postgresql+psycopg://…`; preprocess and "
        "predict workers need none.",
    )
    redis_password: SecretStr = Field(
        default=SecretStr(""),
        description="Put into `QUEUECAST_REDIS_URL`, in place of the one that stands there.",
    )
    database_password: SecretStr = Field(
        default=SecretStr(""),
        description="Put into `QUEUECAST_DATABASE_URL`, in place of the one that stands there.",
    )
    data_dir: Path = Field(description="Folder for large inputs, outputs and tensors.")
    blobs_url: str = Field(
        default="",
        description="`s3://bucket/prefix` for those instead, or `gs://…`, `az://…`; needs the "
        "extra `s3`.",
    )
    models_dirs: str = Field(default="", description="More folders of models, separated like PATH.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Base of the links in answers, with the path that a proxy takes away; by "
        "default the request's own.",
    )
    model_owner: str = Field(
        default="queuecast",
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="The models' owner, for clients that name a model `owner/name`.",
    )
    key_prefix: str = Field(
        default="queuecast:",
        description="Before every Redis key and Celery queue; same everywhere.",
    )
    tenant: str = Field(default="default", description="The tenant of requests without a key.")

    keys_required: bool = Field(
        default=False,
        description="Whether every request needs an API key; on any address but loopback it must "
        "be so.",
    )
    watch_token: SecretStr = Field(
        default=SecretStr(""),
        description="Opens `/health/system`, and nothing else, to whoever sends it in place of a "
        "key; `./run` makes one for itself.",
    )
    allowed_hosts: str = Field(
        default="",
        description="Names that a `Host` header may have, with commas between them, such as "
        "`api.example.org,*.example.net`; by default any.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may call the API, with commas between them, or `*`; by "
        "default none.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks, with commas between them, whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed; by default nobody's.",
    )

    tenant_requests_per_second: int = Field(
        default=0, ge=0, description="Requests of one tenant in a second; 0: any number."
    )
    tenant_jobs_in_flight: int = Field(
        default=0, ge=0, description="Unfinished jobs of one tenant; 0: any number."
    )
    tenant_bytes_per_day: int = Field(
        default=0,
        ge=0,
        description="Bytes in request bodies of one tenant in a day; 0: any number.",
    )
    queue_max_jobs: int = Field(
        default=250_000,
        gt=0,
        description="Jobs of one model that may wait or run, where its `model.toml` does not say.",
    )

    webhook_development: bool = Field(
        default=False,
        description="Webhooks may also go to plain http, any port and this machine itself: for "
        "development.",
    )
    webhook_timeout_seconds: float = Field(
        default=15, gt=0, le=60, description="What one attempt to deliver a webhook may take."
    )
    webhook_connect_seconds: float = Field(
        default=5, gt=0, description="What it may take to find and reach the receiver, of that."
    )
    webhook_concurrency: int = Field(
        default=128, gt=0, description="Webhooks that one process sends at a time."
    )
    webhook_host_concurrency: int = Field(
        default=8,
        gt=0,
        description="Of these to one host of a tenant; one where the last attempt failed.",
    )
    webhook_log_seconds: float = Field(
        default=30 * 86400, description="How long a finished delivery can be seen and replayed."
    )
    secrets_key: SecretStr = Field(
        default=SecretStr(""),
        description="Fernet keys that encrypt webhook secrets, separated by commas, the newest "
        "first; by default those in `secrets.key` in the data directory.",
    )

    body_max_bytes: int = Field(default=1 << 20, description="Largest request body.")
    bulk_max_bytes: int = Field(
        default=16 << 20, description="Largest body of `POST /api/v1/predictions/bulk`."
    )
    file_max_bytes: int = Field(
        default=16 << 20, gt=0, description="Largest file of `POST /api/v1/files`."
    )
    file_ttl_seconds: float = Field(
        default=86400, gt=0, description="How long an uploaded file is kept."
    )
    infer_max_bytes: int = Field(
        default=16 << 20,
        description="Largest body of an infer request with tensors as raw bytes; its JSON, as any "
        "other body, has at most `QUEUECAST_BODY_MAX_BYTES`.",
    )
    inline_input_max_bytes: int = Field(
        default=64 << 10, description="Larger inputs go to the blob store, not to SQL or Redis."
    )
    inline_output_max_bytes: int = Field(
        default=64 << 10,
        description="Larger outputs go to the blob store, and stand at `urls.output`.",
    )
    output_max_bytes: int = Field(default=16 << 20, description="Largest output of a job.")
    inline_tensor_max_bytes: int = Field(
        default=64 << 10,
        description="Larger tensors travel between stages through the blob store.",
    )
    echo_input_max_bytes: int = Field(
        default=1 << 10, description="Larger inputs stand at `urls.input`, not in the prediction."
    )
    wait_max_seconds: float = Field(default=60, description="Longest `?wait=` on one request.")
    uploads_max: int = Field(
        default=16,
        gt=0,
        description="Files that one API process takes in at a time; where keys are asked for, "
        "those of one tenant are half of them at most.",
    )
    streams_max: int = Field(
        default=500,
        gt=0,
        description="Most streams that one API process holds open; where keys are asked for, "
        "those of one tenant are half of them at most.",
    )
    infer_wait_seconds: float = Field(
        default=50,
        gt=0,
        description="How long an infer or `:predict` waits for its predictions; then it is "
        "answered 504, and they go on.",
    )
    deadline_max_seconds: float = Field(default=7 * 86400, description="Latest deadline of a job.")

    group_max_rows: int = Field(
        default=500, le=2000, description="Most jobs in one commit of the API."
    )
    group_max_bytes: int = Field(default=4 << 20, description="Most input bytes in one commit.")
    redis_budget_seconds: float = Field(
        default=0.5, description="What one request may spend on Redis before it answers without."
    )
    batch_max_bytes: int = Field(
        default=16 << 20, gt=0, description="Most bytes of inputs, tensors or outputs in a batch."
    )
    record_batch: int = Field(default=256, le=2000, description="Most outcomes in one transaction.")
    snapshot_ttl_seconds: int = Field(
        default=3600, description="How long a finished job is read from Redis; later from SQL."
    )

    predict_threads: int = Field(
        default=1, gt=0, description="Batches that one predict process runs at a time."
    )
    intra_op_threads: int = Field(
        default=0,
        ge=0,
        description="onnxruntime threads of one run; 0: the cores over all runs at a time.",
    )
    providers: str = Field(
        default="CPUExecutionProvider",
        description="onnxruntime's execution providers, the first wanted most, with commas between "
        "them, such as `CUDAExecutionProvider,CPUExecutionProvider`.",
    )
    predict_processes: int = Field(
        default=1, gt=0, description="Predict processes that share this machine's cores."
    )
    heartbeat_seconds: float = Field(default=5, description="How often a worker says it lives.")
    heartbeat_ttl_seconds: int = Field(
        default=15, description="A worker silent for so long has its work taken away."
    )
    alive_file: Path | None = Field(
        default=None,
        description="File that a worker or the sweeper renews while it works, for health checks: "
        "`python -m workers.alive` reads it. One for each process.",
    )
    worker_memory_bytes: int = Field(
        default=0,
        ge=0,
        description="Memory of one preprocess, predict, record or deliver process: above four "
        "fifths it finishes what it runs and is replaced, and what would take more fails; 0: what "
        "the container or machine has.",
    )
    model_load_seconds: float = Field(
        default=120, gt=0, description="How long a model may take to be loaded."
    )
    bell_ttl_seconds: int = Field(default=10, description="A lost bell is rung again after this.")
    dispatch_grace_seconds: float = Field(
        default=10, description="Age at which an unfinished job must be in Redis."
    )
    sweep_seconds: float = Field(default=1, description="Pause between two rounds of the sweeper.")
    sweep_slice: int = Field(
        default=500, le=2000, description="Rows that the sweeper looks at in one go."
    )
    crashes_max: int = Field(default=3, description="Worker deaths after which a job fails.")
    blob_orphan_seconds: float = Field(
        default=86400, description="Age at which an input or output that no job needs is deleted."
    )

    retention_input_days: Days = Field(
        default=30,
        description="Days after a job's end that its input is kept; 0: as long as the job.",
    )
    retention_output_days: Days = Field(
        default=30,
        description="Days after a job's end that its output is kept; 0: as long as the job.",
    )
    retention_job_days: Days = Field(
        default=90, description="Days after its end that a job is kept; 0: for good."
    )
    retention_log_days: Days = Field(
        default=365, description="Days that the prediction log is kept; 0: for good."
    )

    log_level: str = Field(default="INFO", description="Least level that is logged.")
    log_format: Literal["json", "text"] = Field(
        default="json", description="`json`, or `text` for people; either way one line per event."
    )
    log_requests: Literal["none", "errors", "all"] = Field(
        default="errors",
        description="Which requests have a line in the log: `none`, `errors` (500 and above) or "
        "`all`.",
    )

    metrics_host: str = Field(
        default="127.0.0.1",
        description="Address of the metrics that a process serves itself, without a key.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the same; 0: none is opened."
    )

    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Base URL of an OTLP/HTTP receiver of traces; by default the one of "
        "`OTEL_EXPORTER_OTLP_ENDPOINT`, without which there are none.",
    )

    flower_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Where Flower is, for the page's link to it.",
    )
    flower_host: str = Field(
        default="127.0.0.1",
        description="Address of Flower; any but loopback asks for a user and a password.",
    )
    flower_port: int = Field(default=5555, gt=0, le=65535, description="Port of Flower.")
    flower_user: str = Field(
        default="", pattern="^[^:]*$", description="Who may look at Flower; by default anybody."
    )
    flower_password: SecretStr = Field(default=SecretStr(""), description="The same's password.")
    flower_read_only: bool = Field(
        default=True, description="Whether Flower only shows, and stops or starts nothing."
    )
    flower_cookie_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs Flower's cookies; by default another one at each start.",
    )

    @property
    def result_kept(self) -> timedelta | None:
        """How long after a job's end its output can be read; None: for good."""
        return _shortest(self.retention_output_days, self.retention_job_days)

    def of_tenant(self, most: int) -> int:
        """What one tenant may have of something that a process has only so often."""
        return max(1, most // 2) if self.keys_required else most

    @property
    def models_folders(self) -> tuple[Path, ...]:
        """The bundled models first, then the folders of `models_dirs`."""
        extra = (Path(part) for part in self.models_dirs.split(os.pathsep) if part)
        return (BUNDLED_MODELS_DIR, *extra)

    @property
    def secrets_key_file(self) -> Path:
        return self.data_dir / "secrets.key"

    @property
    def blobs_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def broker_url(self) -> str:
        """The Redis URL in the form that kombu wants, which trusts any certificate unless told."""
        url = self.redis_url.get_secret_value()
        if url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
            return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"
        return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
