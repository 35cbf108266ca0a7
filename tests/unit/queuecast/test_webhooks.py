from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from queuecast import WebhookInvalid, sign_webhook, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUFB" * 8
BODY = b'{"id":"x","status":"succeeded","output":{"label":3}}'


def test_what_is_genuine_is_a_prediction() -> None:
    told = verify_webhook(BODY, sign_webhook(BODY, SECRET), SECRET)
    assert (told.id, told.output) == ("x", {"label": 3})


def test_it_agrees_with_the_library_of_the_standard() -> None:
    assert Webhook(SECRET).verify(BODY, sign_webhook(BODY, SECRET))["id"] == "x"
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("w", now, BODY.decode())
    headers = {"webhook-id": "w", "webhook-timestamp": str(int(now.timestamp()))}
    assert verify_webhook(BODY, headers | {"Webhook-Signature": signature}, SECRET).succeeded
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, sign_webhook(BODY, SECRET))


def test_any_secret_may_fit_any_signature() -> None:
    headers = sign_webhook(BODY, SECRET, id="w", timestamp=100)
    more = sign_webhook(BODY, OTHER, id="w", timestamp=100)["webhook-signature"]
    both = headers | {"webhook-signature": f"{more} {headers['webhook-signature']}"}
    for secret in (SECRET, OTHER, [OTHER], ["whsec_eA==", SECRET]):
        assert verify_webhook(BODY, both, secret, clock=lambda: 100).id == "x"


REFUSED = {
    "another body": (BODY.replace(b"3", b"4"), {}),
    "another id": (BODY, {"webhook-id": "y"}),
    "another secret": (BODY, sign_webhook(BODY, OTHER)),
    "too old": (BODY, sign_webhook(BODY, SECRET, timestamp=1_700_000_000)),
    "from the future": (BODY, sign_webhook(BODY, SECRET, timestamp=4_000_000_000)),
    "no number": (BODY, {"webhook-timestamp": "now"}),
    "other digits": (BODY, {"webhook-timestamp": "\uff11"}),
    "no signature": (BODY, {"webhook-signature": ""}),
    "another version": (BODY, {"webhook-signature": "v2,AAAA"}),
    "odd signature": (BODY, {"webhook-signature": "v1,ä"}),
    "no prediction": (b"{}", sign_webhook(b"{}", SECRET)),
}


@pytest.mark.parametrize(("body", "changes"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_genuine_is_refused(body: bytes, changes: dict[str, str]) -> None:
    with pytest.raises(WebhookInvalid):
        verify_webhook(body, sign_webhook(BODY, SECRET) | changes, SECRET)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_named(name: str) -> None:
    headers = sign_webhook(BODY, SECRET)
    del headers[name]
    with pytest.raises(WebhookInvalid, match=name):
        verify_webhook(BODY, headers, SECRET)


def test_a_secret_that_is_none_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook(BODY, sign_webhook(BODY, SECRET), "hunter2 ")
