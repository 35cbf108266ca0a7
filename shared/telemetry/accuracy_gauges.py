"""How right the models were lately, as far as somebody has said what is true."""

from prometheus_client import Gauge

_LABELS = ["model", "version"]

_accuracy = Gauge(
    "queuecast_model_accuracy_ratio",
    "Share of right labels, of the last day's predictions with feedback.",
    _LABELS,
    multiprocess_mode="mostrecent",
)
_mean_absolute_error = Gauge(
    "queuecast_model_mean_absolute_error",
    "Mean absolute error of predicted values, of the last day's predictions with feedback.",
    _LABELS,
    multiprocess_mode="mostrecent",
)
_feedback = Gauge(
    "queuecast_model_feedback_predictions",
    "Predictions of the last day that were compared with feedback.",
    _LABELS,
    multiprocess_mode="mostrecent",
)


def tell(
    model: str,
    version: str,
    *,
    accuracy: float,
    error: float,
    predictions: int,
) -> None:
    """NaN where there is nothing to compare."""
    _accuracy.labels(model, version).set(accuracy)
    _mean_absolute_error.labels(model, version).set(error)
    _feedback.labels(model, version).set(predictions)
