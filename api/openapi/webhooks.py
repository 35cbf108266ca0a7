"""The operations on webhooks."""

from api.openapi.operation import CURSOR, ID, LIMIT, json_content, operation, parameter
from api.openapi.schemas import (
    Delivery,
    DeliveryPage,
    Endpoint,
    EndpointPage,
    NewWebhookTest,
    WebhookSecret,
)
from shared import errors

TAG = "webhooks"

DELIVERY = parameter("id", "path", "The delivery's id, the `webhook-id` header.", format="uuid")
ENDPOINT = parameter("id", "path", "The endpoint's id.")

_WRITES = (errors.InvalidParameter, errors.Unavailable, errors.StorageFull)
_READS = (errors.InvalidParameter, errors.Unavailable)

READ_SECRET = operation(
    "get_webhook_secret",
    "The secret that signs your webhooks",
    tag=TAG,
    answers={200: ("By it a receiver knows that a webhook is ours.", WebhookSecret)},
    problems=_WRITES,
)
ROTATE_SECRET = operation(
    "rotate_webhook_secret",
    "Replace the secret",
    tag=TAG,
    answers={200: ("The new one. The one before signs too, for a day.", WebhookSecret)},
    problems=_WRITES,
)
TEST = operation(
    "test_webhook",
    "Send a test event",
    tag=TAG,
    answers={202: ("It is sent once; `urls.get` shows what came of it.", Delivery)},
    problems=(
        *_WRITES,
        errors.MalformedJson,
        errors.DuplicateKey,
        errors.JsonTooDeep,
        errors.RequestTimeout,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.UnsupportedEncoding,
        errors.InvalidInput,
        errors.UnknownField,
        errors.InvalidWebhookUrl,
        errors.WebhookAddressForbidden,
    ),
    body={"required": True, "content": json_content(NewWebhookTest)},
)
LIST_DELIVERIES = operation(
    "list_deliveries",
    "The webhooks of a prediction",
    tag=TAG,
    answers={200: ("Each with its attempts.", DeliveryPage)},
    problems=(errors.NotFound, *_READS),
    parameters=[ID],
)
READ_DELIVERY = operation(
    "get_delivery",
    "One webhook with its attempts",
    tag=TAG,
    answers={200: ("As it stands.", Delivery)},
    problems=(errors.NotFound, *_READS),
    parameters=[DELIVERY],
)
REPLAY = operation(
    "replay_delivery",
    "Send a finished webhook again",
    tag=TAG,
    answers={202: ("It is due now, under the same id, on a fresh schedule.", Delivery)},
    problems=(errors.NotFound, errors.InvalidState, *_WRITES),
    parameters=[DELIVERY],
)
LIST_ENDPOINTS = operation(
    "list_webhook_endpoints",
    "URLs that fail, or are called no more",
    tag=TAG,
    answers={200: ("One page.", EndpointPage)},
    problems=_READS,
    parameters=[LIMIT, CURSOR],
)
ENABLE = operation(
    "enable_webhook_endpoint",
    "Call a URL again",
    tag=TAG,
    answers={200: ("It is enabled; what failed meanwhile can be replayed.", Endpoint)},
    problems=(errors.NotFound, *_WRITES),
    parameters=[ENDPOINT],
)
