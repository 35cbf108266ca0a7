"""The Python client of Queuecast: asynchronous, queue-based prediction for ONNX models.

from pathlib import Path
from queuecast import Client

with Client() as client:
    print(client.predict("digits", {"image": Path("seven.png")}))
"""

from queuecast.async_client import AsyncClient
from queuecast.bulk import Outcome
from queuecast.client import Client
from queuecast.errors import (
    ApiError,
    ConnectionFailed,
    FieldError,
    IdMismatch,
    InvalidInput,
    InvalidRequest,
    ModelNotFound,
    NotAuthorized,
    NotFound,
    PredictionFailed,
    QueuecastError,
    RateLimited,
    Unavailable,
    UnencodableInput,
    UnexpectedAnswer,
    WaitTimeout,
    WebhookInvalid,
)
from queuecast.events import Event
from queuecast.jobs import AsyncJob, Job
from queuecast.log_results import Accuracy, Feedback, LoggedPrediction
from queuecast.results import Delivery, File, Metrics, Model, Prediction
from queuecast.retries import Retries
from queuecast.version import __version__
from queuecast.webhooks import sign_webhook, verify_webhook

__all__ = [
    "Accuracy",
    "ApiError",
    "AsyncClient",
    "AsyncJob",
    "Client",
    "ConnectionFailed",
    "Delivery",
    "Event",
    "Feedback",
    "FieldError",
    "File",
    "IdMismatch",
    "InvalidInput",
    "InvalidRequest",
    "Job",
    "LoggedPrediction",
    "Metrics",
    "Model",
    "ModelNotFound",
    "NotAuthorized",
    "NotFound",
    "Outcome",
    "Prediction",
    "PredictionFailed",
    "QueuecastError",
    "RateLimited",
    "Retries",
    "Unavailable",
    "UnencodableInput",
    "UnexpectedAnswer",
    "WaitTimeout",
    "WebhookInvalid",
    "__version__",
    "sign_webhook",
    "verify_webhook",
]
